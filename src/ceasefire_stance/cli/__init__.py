"""The command ``ceasefire-stance``: parse, call one function, print, exit."""
