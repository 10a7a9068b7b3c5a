"""The scheduler: filters select the hosts that fit, weighers choose the best of them."""
