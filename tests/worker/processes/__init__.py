"""
Workers that are processes, with a queue in the database or in Redis, and are killed by SIGKILL.

``shop`` is the web process, whose settings the workers share; ``running`` starts and ends them.
"""
