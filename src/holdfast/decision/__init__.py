"""Strategies: a user's class behind a fence, and sizing, which makes quantities of its wishes.

Nothing here does I/O, reads a clock or sends anything: `load` is handed a way to read a file,
`Hosted` a guard, `Context` a clock, and `size` is a pure function.
"""
