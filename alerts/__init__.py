"""What is told to whom when a promise is in danger, and how it gets there: policy, engine, dispatcher, channels."""
