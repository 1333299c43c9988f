"""The grader's side of the sandbox: start children, send jobs, judge endings."""
