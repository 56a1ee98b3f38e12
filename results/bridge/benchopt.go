package bridge

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/columns"
)

// Benchopt returns the table that benchopt keeps as outputs/NAME.parquet, with a row per evaluation
// of a replicate of the setting that tuning chose. The columns are those that benchopt's runner
// writes (benchopt/runner.py, benchopt/base.py and benchopt/utils/sys_info.py of benchopt 1.7 and
// later; "data_name", which all versions read, stands for "dataset_name"), except those on its own
// files and libraries:
//
//	objective_name   the plan; one objective is one plan's protocol
//	data_name        the problem, with its parameters: "noisy-quadratic[dim=100]"; they are
//	                 p_dataset_NAME too
//	solver_name      the optimizer, with what was tuned: "sgd[step_size=0.1]"; all of the setting is
//	                 p_solver_NAME
//	idx_rep          the seed's position among those of the cell, from 0; base_seed is the seed
//	stop_val         the mark in examples, the same for all optimizers
//	time             seconds that problem and optimizer had taken at the evaluation, if all examples
//	                 took the same: records have one total
//	objective_value  the training loss, which benchopt's curves minimise
//	objective_*      loss and metric on each part: objective_test_accuracy and so on
//
// Values are not changed; they are NaN where a run diverged, as benchopt has no counterpart of R7.
func Benchopt(s Source) *Table {
	type row struct {
		*run
		*results.Point
		replicate int
	}
	var rows []row
	var runs []*run
	for i := range s.Cells {
		for k, r := range s.Cells[i].Runs {
			runs = append(runs, &run{cell: &s.Cells[i], record: r})
			for p := range r.Points {
				rows = append(rows, row{runs[len(runs)-1], &r.Points[p], k})
			}
		}
	}
	text := func(name string, value func(row) string) field[row] {
		return field[row]{name, columns.Text, func(r row) any { return value(r) }}
	}
	host := func(name string, value func(*results.Host) string) field[row] {
		return text(name, func(r row) string { return value(&r.record.Host) })
	}
	fields := []field[row]{
		text("objective_name", func(row) string { return s.Plan.Name }),
		text("obj_description", func(row) string { return s.Plan.Description }),
		text("solver_name", func(r row) string {
			return labelled(r.cell.Optimizer,
				tuned(r.cell))
		}),
		text("solver_description", func(r row) string { return r.cell.Unranked }),
		text("data_name", func(r row) string {
			return labelled(r.cell.Problem,
				r.record.Run.Problem.Parameters)
		}),
		{"idx_rep", columns.Integer, func(r row) any { return int64(r.replicate) }},
		{"base_seed", columns.Integer, func(r row) any { return int64(r.record.Run.Seed) }},
		text("sampling_strategy", func(row) string { return "Callback" }),
		{"stop_val", columns.Integer, func(r row) any { return r.Mark }},
		{"time", columns.Number, func(r row) any {
			if r.record.End.Seen == 0 {
				return 0.
			}
			h := &r.record.Host
			return (h.ProblemTime + h.OptimizerTime - h.TransportTime) * float64(r.Seen) /
				float64(r.record.End.Seen)
		}},
		{"objective_value", columns.Number, func(r row) any { return float64(r.Train.Loss) }},
	}
	for _, name := range names(runs,
		func(r *results.Record) protocol.Setting { return r.Run.Problem.Parameters }) {
		fields = append(fields, field[row]{"p_dataset_" + name, columns.Number, func(r row) any {
			return lookup(r.record.Run.Problem.Parameters, name)
		}})
	}
	for _, name := range names(runs,
		func(r *results.Record) protocol.Setting { return r.Run.Optimizer.Setting }) {
		fields = append(fields, field[row]{"p_solver_" + name, columns.Number, func(r row) any {
			return lookup(r.record.Run.Optimizer.Setting, name)
		}})
	}
	metrics := map[string]bool{}
	for _, r := range runs {
		metrics[r.record.Spec.Metric.Name] = true
	}
	delete(metrics, "loss")
	for _, part := range []protocol.Part{
		protocol.TrainPart, protocol.ValidationPart,
		protocol.TestPart,
	} {
		fields = append(fields, field[row]{
			"objective_" + string(part) + "_loss", columns.Number,
			func(r row) any {
				if v, ok := r.At(part); ok {
					return float64(v.Loss)
				}
				return nil
			},
		})
		for _, metric := range slices.Sorted(maps.Keys(metrics)) {
			fields = append(fields, field[row]{
				"objective_" + string(part) + "_" + metric,
				columns.Number, func(r row) any {
					if v, ok := r.At(part); ok && r.record.Spec.Metric.Name == metric {
						return float64(v.Metric)
					}
					return nil
				},
			})
		}
	}
	fields = append(fields,
		host("platform", func(h *results.Host) string { return platform(h, 0) }),
		host("platform-architecture", func(h *results.Host) string { return platform(h, 1) }),
		host("platform-release", func(h *results.Host) string { return platform(h, 2) }),
		host("platform-version", func(h *results.Host) string { return h.GoVersion }),
		field[row]{
			"system-cpus", columns.Integer,
			func(r row) any { return int64(r.record.Host.Cores) },
		},
		host("system-processor", func(h *results.Host) string { return h.CPU }),
		host("benchmark-git-tag", func(h *results.Host) string { return h.Harness }),
		host("run_date", func(h *results.Host) string { return h.Started }),
	)
	return build("benchopt", fields, rows)
}

// labelled returns a name with parameters in the form of benchopt: "sgd[step_size=0.1]".
func labelled(name string, parameters protocol.Setting) string {
	if len(parameters) == 0 {
		return name
	}
	return fmt.Sprintf("%s[%s]", name, strings.ReplaceAll(parameters.String(), " ", ","))
}

// tuned returns the part of a cell's setting that was tuned.
func tuned(c *results.Cell) protocol.Setting {
	s := protocol.Setting{}
	for _, name := range c.Tuned {
		s[name] = c.Setting[name]
	}
	return s
}

// platform returns a part of GOOS/GOARCH/CPU feature level, empty if it is unknown.
func platform(h *results.Host, i int) string {
	if parts := strings.Split(h.Platform, "/"); i < len(parts) {
		return parts[i]
	}
	return ""
}
