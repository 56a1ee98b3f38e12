// Package slurm submits plans to the batch system Slurm as arrays of jobs, and tells what became of
// them. It calls sbatch, squeue, scancel and scontrol, as a user would, and needs no more of a
// cluster than these. Every task of an array is the same bench run on the same results folder: which
// task makes which run is decided by claims, see [noisebench/results/claim].
//
// It never asks sacct, which many clusters do not have: what is finished is in the results folder.
package slurm
