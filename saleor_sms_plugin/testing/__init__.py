"""What a shop, and this package, need to test text messages without sending any."""
