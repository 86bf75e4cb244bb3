#!/usr/bin/env bash
# The study on the nodes of a SLURM allocation: sbatch docs/cluster/slurm.sh, in a checkout that all nodes see.
# NOT TRIED on a SLURM cluster: its one command, `ray symmetric-run`, is Ray's own for this use.
#SBATCH --job-name=evidrift
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --mem=64G
#SBATCH --time=12:00:00
set -euo pipefail

export PATH="$PWD/.venv/bin:$PATH" RAY_USAGE_STATS_ENABLED=0
# the nodes' own disks: clones and Ray's sockets
export TMPDIR="${SLURM_TMPDIR:-/tmp}"

head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
# starts Ray on every node, runs the command on the first, and ends Ray with it
srun ray symmetric-run --address "$head:6379" --min-nodes "$SLURM_JOB_NUM_NODES" \
  --num-cpus "$SLURM_CPUS_PER_TASK" -- evidrift repro --ray auto
