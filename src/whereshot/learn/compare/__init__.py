"""Runs side by side: what each reached, what it cost, and whether the difference is luck."""
