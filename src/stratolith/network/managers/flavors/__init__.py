"""Flavors of network services, and the profiles behind them."""
