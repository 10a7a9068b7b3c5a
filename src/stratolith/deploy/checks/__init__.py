"""Looking at machines and clouds: what is needed, what is wrong, whether all of it works."""
