"""Tests that take too long for every push; `./stratolith test --slow` runs them."""
