"""What ran, as MLflow shows it: runs, metrics, models. MLflow itself lives in a child process (`worker`)."""
