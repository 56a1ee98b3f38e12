package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"noisebench/protocol"
)

func showOptimizer(w io.Writer, d *protocol.OptimizerDef) error {
	printText(w, fmt.Sprintf("optimizer %s, version %s, %s %s\n\n%s\n\n", d.Name, d.Version,
		d.Origin.Plugin, d.Origin.Path, d.Doc))
	rows := [][]string{
		{"source", d.Source},
		{"needs", "loss and " + d.Needs.String()},
	}
	if d.ChoosesBatchSize {
		rows = append(rows, []string{"batch size", "chosen by the optimizer"})
	}
	if d.Averages {
		rows = append(rows, []string{"judged at", "an average of iterates"})
	}
	if len(d.Reports) > 0 {
		rows = append(rows, []string{"reports", strings.Join(d.Reports, ", ")})
	}
	if err := printColumns(w, rows); err != nil {
		return err
	}
	return showHyperparameters(w, "HYPERPARAMETER", d.Hyperparameters)
}

func showHyperparameters(w io.Writer, heading string, declared []protocol.Hyperparameter) error {
	if len(declared) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	rows := [][]string{{heading, "DEFAULT", "RANGE", "SCALE", "TUNED", "WHAT"}}
	for _, h := range declared {
		tuned := "no"
		switch {
		case h.Tuned && h.Name == protocol.StepSize:
			tuned = "by search"
		case h.Tuned:
			tuned = strings.Trim(fmt.Sprint(h.Grid), "[]")
		}
		scale := "linear"
		if h.Logarithmic() {
			scale = "logarithmic"
		}
		rows = append(rows, []string{
			h.Name, fmt.Sprintf("%g", h.Default), h.Range(), scale, tuned,
			h.Doc,
		})
	}
	return printColumns(w, rows, "SCALE", "RANGE", "TUNED")
}

func showProblem(w io.Writer, d *protocol.ProblemDef) error {
	_, spec, err := d.At(nil)
	if err != nil {
		return err
	}
	printText(w, fmt.Sprintf("problem %s, version %s, %s %s\n\n%s\n\n", d.Name, d.Version,
		d.Origin.Plugin, d.Origin.Path, d.Doc))
	better := "lower is better"
	if spec.Metric.HigherBetter {
		better = "higher is better"
	}
	rows := [][]string{
		{"source", d.Source},
		{"dimension", fmt.Sprintf("%d, %s", spec.Dim, spec.DType)},
		{"training examples", train(&spec)},
		{"validation examples", fmt.Sprint(spec.Validation)},
		{"test examples", fmt.Sprint(spec.Test)},
		{"batch size", fmt.Sprint(spec.BatchSize)},
		{"budget", fmt.Sprintf("%d examples", spec.Budget)},
		{"metric", spec.Metric.Name + ", " + better},
		{"measures", "loss and " + spec.Measures.String()},
	}
	for _, drop := range spec.Schedule {
		rows = append(rows, []string{
			"schedule",
			fmt.Sprintf("step size times %g at %g of the budget", drop.Factor, drop.At),
		})
	}
	for _, name := range slices.Sorted(maps.Keys(spec.Constants)) {
		rows = append(rows, []string{"constant " + name, fmt.Sprintf("%g", spec.Constants[name])})
	}
	for _, f := range spec.Data {
		rows = append(rows, []string{"data", fmt.Sprintf("%s, sha256 %.12s", f.Name, f.SHA256)})
	}
	if err := printColumns(w, rows); err != nil {
		return err
	}
	return showHyperparameters(w, "PARAMETER", d.Parameters)
}
