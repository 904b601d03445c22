"""The referee's programs inside the sandbox, beside the judged code; standard library and test runner only."""
