"""A shop's day in one process: a memory shop, a clock that is moved, the whole engine on SQLite,
and a server on loopback that answers as Vonage does. No account, no service, no phone.

``day`` is the story, ``stage`` plays it, ``outcome`` reads and checks what came of it,
``screen`` shows it. ``trial`` tries out a single text.
"""
