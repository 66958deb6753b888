"""The pages for staff: a shell without data, and parts of pages made for the caller's token.

Nothing of it is imported before a page is opened: a shop that does not use them does not pay.
"""
