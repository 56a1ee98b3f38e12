package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
)

// findRun returns the run whose ID begins with prefix, or nil if there is none.
func findRun(dir, prefix string) (*results.Found, error) {
	store, err := results.Open(dir)
	if err != nil {
		return nil, nil // no folder, no run: the name may be another thing's
	}
	return store.Find(prefix)
}

// charged describes what was charged to the budget of a run, and what it got free of charge.
func charged(end *results.End) string {
	text := fmt.Sprintf("%d examples, %d with gradient, %d with variance", end.Seen, end.Gradients,
		end.Variances)
	if end.Curvatures > 0 {
		text += fmt.Sprintf(", %d with curvature", end.Curvatures)
	}
	text += fmt.Sprintf("; %d unused", end.Unused)
	if end.Oracle {
		text += "; and an oracle, which is free"
	}
	return text
}

// sandboxOf tells how the outside plugins of a run were confined.
func sandboxOf(h *results.Host) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(h.Sandbox)) {
		parts = append(parts, name+" "+h.Sandbox[name])
	}
	if len(parts) == 0 {
		return "no outside plugin"
	}
	return strings.Join(parts, ", ")
}

func showRun(w io.Writer, found *results.Found) error {
	r := found.Record
	run, end, host := &r.Run, &r.End, &r.Host
	status := string(end.Status)
	if end.Reason != "" {
		status += ": " + end.Reason
	}
	from := func(name, version string, plugin protocol.Origin) string {
		return fmt.Sprintf("%s, version %s, of %s (sha256 %.12s)", name, version, plugin.Plugin,
			plugin.SHA256)
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
		{"steps", fmt.Sprintf("%d, with batches of %d to %d examples",
			end.Steps, end.MinBatch, end.MaxBatch)},
		{"charged", charged(end)},
		{"made for", fmt.Sprintf("plan %s, at %s, %d side by side",
			host.Plan, host.Started, host.Parallel)},
		{"made by", fmt.Sprintf("noisebench %s, %s, %s, %s, %d cores, %s",
			host.Harness, host.GoVersion, host.Platform, host.CPU, host.Cores, host.Machine)},
		{"transport", fmt.Sprintf("problem %s, optimizer %s",
			host.Transport["problem"], host.Transport["optimizer"])},
		{"sandbox", sandboxOf(host)},
		{"seconds", fmt.Sprintf("problem %.3g, optimizer %.3g, evaluation %.3g, harness %.3g",
			host.ProblemTime, host.OptimizerTime, host.EvaluateTime, host.HarnessTime)},
	}
	if run.Clip > 0 {
		rows = append(rows, []string{"clipped", fmt.Sprintf("gradients to norm %g", run.Clip)})
	}
	if i := r.Imported; i != nil {
		rows = append(rows, []string{
			"imported",
			fmt.Sprintf("from %s: %s (sha256 %.12s), %s, %s", i.Source, i.File, i.SHA256, i.Problem,
				i.Optimizer),
		})
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
		"SEEN", "STEP", "BATCH", "TRAIN LOSS", "TRAIN " + metric, "VALIDATION " + metric,
		"TEST LOSS", "TEST " + metric,
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
			fmt.Sprint(p.Seen), fmt.Sprint(p.Step), fmt.Sprint(p.BatchSize), value(&p.Train, loss),
			value(&p.Train, score), value(p.Validation, score), value(p.Test, loss), value(p.Test, score),
		})
	}
	return printColumns(w, points, "STEP", "BATCH", "TRAIN LOSS", "TEST LOSS")
}
