// Package slurm submits plans to the batch system Slurm as arrays of jobs, and reports their state.
// It calls sbatch, squeue, scancel and scontrol, as a user would, and needs nothing else of a
// cluster. Every task of an array is the same bench run on the same results folder: which task
// makes which run is decided by claims, see [noisebench/results/claim].
//
// It does not use sacct, which many clusters do not have: the results folder holds what is
// finished.
package slurm
