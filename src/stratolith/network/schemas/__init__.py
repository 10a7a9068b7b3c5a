"""What the network API's bodies look like, coming in and going out."""
