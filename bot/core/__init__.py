"""The pure core: what may follow what, what was meant, what to say. No I/O, no clock."""
