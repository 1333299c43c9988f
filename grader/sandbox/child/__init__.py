"""The student's side of the sandbox: what runs behind the walls, beside student code."""
