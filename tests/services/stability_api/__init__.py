"""What Stability AI's REST API takes, endpoint by endpoint, and what it charges."""
