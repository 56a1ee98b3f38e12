package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/plans"
	"noisebench/plugins/problems"
	"noisebench/protocol"
	"noisebench/protocol/planfile"
	"noisebench/results"
)

func newShow() *cobra.Command {
	var paths []string
	var dir string
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Print all about an optimizer, a problem, a plan, a data set or a run",
		Long: `Show prints all about one thing: an optimizer or a problem by its name (or PATH:NAME, if a plugin serves it), a plan by its
name or file, with its comments and a drawing of its step-size schedules, a data set by its name, with its
path, or a run by the first digits of its ID.`,
		Example: `  bench show m-svag
  bench show noisy-quadratic
  bench show quick > my-plan.yaml
  bench show my-plan.yaml
  bench show mnist
  bench show 3fa97c`,
		Args:              oneArg("name"),
		ValidArgsFunction: completeNames,
		RunE:              func(cmd *cobra.Command, args []string) error { return show(cmd, args[0], dir, paths) },
	}
	addResults(cmd, &dir)
	cmd.Flags().StringArrayVar(&paths, "plugin", nil, "launch the plugin at this `PATH` too (may be repeated)")
	return cmd
}

func show(cmd *cobra.Command, name, dir string, paths []string) error {
	out := cmd.OutOrStdout()
	if plans.Has(name) || planfile.IsFile(name) {
		return showPlan(out, name)
	}
	if run, err := findRun(dir, name); err != nil {
		return err
	} else if run != nil {
		return showRun(out, run)
	}
	sets := problems.DataSets()
	if i := slices.Index(dataNames(), name); i >= 0 {
		return showData(out, &sets[i])
	}
	c, err := listed(paths).open(cmd)
	if err != nil {
		return err
	}
	defer c.Close()
	o, optimizerErr := c.Optimizer(name)
	if optimizerErr == nil {
		return showOptimizer(out, &o)
	}
	p, problemErr := c.Problem(name)
	if problemErr == nil {
		return showProblem(out, &p)
	}
	if strings.ContainsRune(name, filepath.Separator) {
		return errors.Join(optimizerErr, problemErr)
	}
	known := append(plans.Names(), dataNames()...)
	for _, plugin := range c.all() {
		for _, d := range plugin.Optimizers {
			known = append(known, d.Name)
		}
		for _, d := range plugin.Problems {
			known = append(known, d.Name)
		}
	}
	return protocol.Unknown("name", name, known)
}

func showOptimizer(w io.Writer, d *protocol.OptimizerDef) error {
	printText(w, fmt.Sprintf("optimizer %s, version %s, %s %s\n\n%s\n\n", d.Name, d.Version, d.Origin.Plugin, d.Origin.Path, d.Doc))
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
		rows = append(rows, []string{h.Name, fmt.Sprintf("%g", h.Default), h.Range(), scale, tuned, h.Doc})
	}
	return printColumns(w, rows, "SCALE", "RANGE", "TUNED")
}

func showProblem(w io.Writer, d *protocol.ProblemDef) error {
	spec, err := specOf(d)
	if err != nil {
		return err
	}
	printText(w, fmt.Sprintf("problem %s, version %s, %s %s\n\n%s\n\n", d.Name, d.Version, d.Origin.Plugin, d.Origin.Path, d.Doc))
	better := "lower is better"
	if spec.Metric.HigherBetter {
		better = "higher is better"
	}
	rows := [][]string{
		{"source", d.Source},
		{"dimension", fmt.Sprintf("%d, %s", spec.Dim, spec.DType)},
		{"training examples", train(spec)},
		{"validation examples", fmt.Sprint(spec.Validation)},
		{"test examples", fmt.Sprint(spec.Test)},
		{"batch size", fmt.Sprint(spec.BatchSize)},
		{"budget", fmt.Sprintf("%d examples", spec.Budget)},
		{"metric", spec.Metric.Name + ", " + better},
		{"measures", "loss and " + spec.Measures.String()},
	}
	for _, drop := range spec.Schedule {
		rows = append(rows, []string{"schedule", fmt.Sprintf("step size times %g at %g of the budget", drop.Factor, drop.At)})
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

func showData(w io.Writer, d *problems.DataSet) error {
	status := d.Status()
	rows := [][]string{
		{"data set", d.Name},
		{"contents", firstLine(d.Doc)},
		{"source", d.Source},
		{"licence", d.Licence},
		{"problems", strings.Join(d.Problems, ", ")},
		{"status", status.Word()},
	}
	if status.Place != "" && status.Word() != "embedded" {
		rows = append(rows, []string{"folder", status.Place})
	}
	if status.Err != nil {
		rows = append(rows, []string{"problem", status.Err.Error()})
	}
	for _, f := range d.Files {
		rows = append(rows, []string{"file", fmt.Sprintf("%s, sha256 %.12s", f.Name, f.SHA256)})
	}
	return printColumns(w, rows)
}

// findRun returns the run whose ID begins with prefix, or nil if there is none.
func findRun(dir, prefix string) (*results.Found, error) {
	store, err := results.Open(dir)
	if err != nil {
		return nil, nil // no folder, no run: the name may be another thing's
	}
	return store.Find(prefix)
}

// charged says what a run paid for, and what it got for nothing.
func charged(end *results.End) string {
	text := fmt.Sprintf("%d examples, %d with gradient, %d with variance", end.Seen, end.Gradients, end.Variances)
	if end.Curvatures > 0 {
		text += fmt.Sprintf(", %d with curvature", end.Curvatures)
	}
	text += fmt.Sprintf("; %d unused", end.Unused)
	if end.Oracle {
		text += "; and an oracle, which is free"
	}
	return text
}

func showRun(w io.Writer, found *results.Found) error {
	r := found.Record
	run, end, host := &r.Run, &r.End, &r.Host
	status := string(end.Status)
	if end.Reason != "" {
		status += ": " + end.Reason
	}
	from := func(name, version string, plugin protocol.Origin) string {
		return fmt.Sprintf("%s, version %s, of %s (sha256 %.12s)", name, version, plugin.Plugin, plugin.SHA256)
	}
	rows := [][]string{
		{"run", run.ID()},
		{"problem", from(run.Problem.Name, run.Problem.Version, run.Problem.Plugin)},
		{"parameters", run.Problem.Parameters.String()},
		{"optimizer", from(run.Optimizer.Name, run.Optimizer.Version, run.Optimizer.Plugin)},
		{"setting", run.Optimizer.Setting.String()},
		{"seed", fmt.Sprint(run.Seed)},
		{"budget", fmt.Sprintf("%d examples, %s, batch size %d", run.Budget, run.Order, run.BatchSize)},
		{"schedule", run.Schedule.String()},
		{"status", status},
		{"steps", fmt.Sprintf("%d, with batches of %d to %d examples", end.Steps, end.MinBatch, end.MaxBatch)},
		{"charged", charged(end)},
		{"made for", fmt.Sprintf("plan %s, at %s, %d side by side", host.Plan, host.Started, host.Parallel)},
		{"made by", fmt.Sprintf("noisebench %s, %s, %s, %s, %d cores, %s",
			host.Harness, host.GoVersion, host.Platform, host.CPU, host.Cores, host.Machine)},
		{"transport", fmt.Sprintf("problem %s, optimizer %s", host.Transport["problem"], host.Transport["optimizer"])},
		{"seconds", fmt.Sprintf("problem %.3g, optimizer %.3g, evaluation %.3g, harness %.3g",
			host.ProblemTime, host.OptimizerTime, host.EvaluateTime, host.HarnessTime)},
	}
	if run.Clip > 0 {
		rows = append(rows, []string{"clipped", fmt.Sprintf("gradients to norm %g", run.Clip)})
	}
	if i := r.Imported; i != nil {
		rows = append(rows, []string{"imported", fmt.Sprintf("from %s: %s (sha256 %.12s), %s, %s", i.Source, i.File, i.SHA256, i.Problem, i.Optimizer)})
	}
	for _, path := range found.Others {
		rows = append(rows, []string{"other outcome", path + ", not shown here"})
	}
	if err := printColumns(w, rows); err != nil {
		return err
	}
	fmt.Fprintln(w)
	metric := strings.ToUpper(r.Spec.Metric.Name)
	points := [][]string{{
		"SEEN", "STEP", "BATCH", "TRAIN LOSS", "TRAIN " + metric, "VALIDATION " + metric, "TEST LOSS", "TEST " + metric,
	}}
	value := func(v *results.Value, of func(results.Value) protocol.Number) string {
		if v == nil {
			return "–"
		}
		return fmt.Sprintf("%.6g", float64(of(*v)))
	}
	loss := func(v results.Value) protocol.Number { return v.Loss }
	score := func(v results.Value) protocol.Number { return v.Metric }
	for _, p := range r.Points {
		points = append(points, []string{
			fmt.Sprint(p.Seen), fmt.Sprint(p.Step), fmt.Sprint(p.BatchSize), value(&p.Train, loss), value(&p.Train, score),
			value(p.Validation, score), value(p.Test, loss), value(p.Test, score),
		})
	}
	return printColumns(w, points, "STEP", "BATCH", "TRAIN LOSS", "TEST LOSS")
}
