"""Keys of tokens: made, shared by servers, rotated; what is sealed with them."""
