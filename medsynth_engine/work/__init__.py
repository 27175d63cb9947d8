"""The heavy half of operations: each module runs as a job's step, in its own process, under the job's grant."""
