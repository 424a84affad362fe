"""What the worker does in MLflow. Only `reconciler.tracking.worker` imports this: it brings MLflow with it."""
