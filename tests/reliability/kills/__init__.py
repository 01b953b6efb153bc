"""
Processes that die: killed by SIGKILL at a named point, and what is true once others have finished.

``zygote`` forks the victims, ``points`` says where they die, ``jobs`` what they were doing.
"""
