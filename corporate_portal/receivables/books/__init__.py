"""The books of a seller: the lines of a day, and every movement behind them."""
