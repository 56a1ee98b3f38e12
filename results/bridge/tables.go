package bridge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/columns"
	"noisebench/results/measures"
)

// Tables makes five tables of a plan.
//
//   - runs: a row per finished run: what it was made for (for_sweep, for_tie, for_replicate,
//     for_one_shot; a run may serve several purposes), whether tuning chose its setting, how it
//     ended, its scores, counts, clocks, and all that identifies it. Parameters of the problem are
//     columns par_NAME, the setting set_NAME. score is the metric by which tables count the run,
//     final_score that of the last point, selection_score that by which tuning compares (R6, R7
//     applied in each). imported is where a run comes from that is not ours.
//   - points: a row per evaluation.
//   - trace: a row per traced step, with what optimizers report in columns report_NAME and
//     diagnostics of the noise in columns diagnostic_NAME (see [results.Trace]); empty where a run
//     has none. Wide, because all of a step's numbers are of one step: a row is what a scatter plot
//     needs.
//   - measures: a row per problem and optimizer, with the columns of [columns.Rows]: what tables
//     show.
//   - columns: what the columns of measures mean.
//
// A run that two entries of the plan share is in the first three twice, so that (problem,
// optimizer, run) identifies a run in each of them, where problem and optimizer are the names of
// the plan's entries. Mean and sample standard deviation of score over the rows with for_replicate
// are score_mean and score_std of measures.
func Tables(s Source) []*Table {
	runs := s.runs()
	return []*Table{
		s.runTable(runs), s.pointTable(runs), s.traceTable(runs), s.measureTable(),
		s.columnTable(),
	}
}

// measureTable is the table of measures.
func (s *Source) measureTable() *Table {
	r := measures.Build(s.Plan, s.Cells)
	var fields []field[columns.Row]
	for _, c := range columns.In(columns.Rows(r, nil), columns.Export) {
		fields = append(fields, field[columns.Row]{c.Name, c.Kind, c.Value})
	}
	var rows []columns.Row
	for i := range r.Problems {
		rows = append(rows, columns.RowsOf(r, &r.Problems[i])...)
	}
	return build("measures", fields, rows)
}

// columnTable is the table of what the columns of measures mean.
func (s *Source) columnTable() *Table {
	fields := []field[columns.Column[columns.Row]]{
		{"column", columns.Text, func(c columns.Column[columns.Row]) any { return c.Name }},
		{"meaning", columns.Text, func(c columns.Column[columns.Row]) any { return c.Meaning }},
	}
	return build("columns", fields, columns.In(columns.Rows(measures.Build(s.Plan, s.Cells), nil),
		columns.Export))
}

// run is a finished run of a cell.
type run struct {
	cell   *results.Cell
	record *results.Record
	// purposes
	sweep, tie, replicate, oneShot, chosen bool
}

// runs lists the finished runs of all cells: replicates, one-shot, tuning, each once per cell.
// Replicates are in the order of the report, so that sums over them agree to the bit.
func (s *Source) runs() []*run {
	var all []*run
	for i := range s.Cells {
		c := &s.Cells[i]
		known := map[string]*run{}
		get := func(r *results.Record) *run {
			id := r.Run.ID()
			if known[id] == nil {
				known[id] = &run{cell: c, record: r}
				all = append(all, known[id])
			}
			return known[id]
		}
		for _, r := range c.Runs {
			get(r).replicate = true
		}
		for _, r := range c.OneShot {
			get(r).oneShot = true
		}
		for _, r := range c.Tuning {
			if first := s.Plan.Tuning.SweepSeed(); c.Unranked != "" || r.Run.Seed == first {
				get(r).sweep = true
			} else {
				get(r).tie = true
			}
		}
		setting := c.Setting
		if len(c.Runs) > 0 {
			setting = c.Runs[0].Run.Optimizer.Setting
		}
		for _, r := range known {
			r.chosen = setting != nil && maps.Equal(r.record.Run.Optimizer.Setting, setting)
		}
	}
	return all
}

// identity returns the columns with which all tables begin.
func (s *Source) identity() []field[*run] {
	return []field[*run]{
		{"plan", columns.Text, func(*run) any { return s.Plan.Name }},
		{"problem", columns.Text, func(r *run) any { return r.cell.Problem }},
		{"optimizer", columns.Text, func(r *run) any { return r.cell.Optimizer }},
		{"run", columns.Text, func(r *run) any { return r.record.Run.ID() }},
		{"seed", columns.Integer, func(r *run) any { return int64(r.record.Run.Seed) }},
	}
}

func (s *Source) runTable(runs []*run) *Table {
	plan := s.Plan
	text := func(name string, value func(*results.Record) string) field[*run] {
		return field[*run]{name, columns.Text, func(r *run) any {
			if v := value(r.record); v != "" {
				return v
			}
			return nil
		}}
	}
	integer := func(name string, value func(*results.Record) int64) field[*run] {
		return field[*run]{name, columns.Integer, func(r *run) any { return value(r.record) }}
	}
	real := func(name string, value func(*results.Record) float64) field[*run] {
		return field[*run]{name, columns.Number, func(r *run) any { return value(r.record) }}
	}
	flag := func(name string, value func(*run) bool) field[*run] {
		return field[*run]{name, columns.Flag, func(r *run) any { return value(r) }}
	}
	imported := func(name string, value func(*results.Imported) string) field[*run] {
		return text("imported_"+name, func(r *results.Record) string {
			if r.Imported == nil {
				return ""
			}
			return value(r.Imported)
		})
	}
	fields := append(s.identity(),
		field[*run]{"imported", columns.Text, func(r *run) any {
			if r.cell.Unranked == "" {
				return nil
			}
			return r.cell.Unranked
		}},
		flag("for_sweep", func(r *run) bool { return r.sweep }),
		flag("for_tie", func(r *run) bool { return r.tie }),
		flag("for_replicate", func(r *run) bool { return r.replicate }),
		flag("for_one_shot", func(r *run) bool { return r.oneShot }),
		flag("chosen", func(r *run) bool { return r.chosen }),
		text("status", func(r *results.Record) string {
			if r.Diverged() { // even if its tool did not record it
				return string(results.Diverged)
			}
			return string(r.End.Status)
		}),
		text("reason", func(r *results.Record) string { return r.End.Reason }),
		text("metric", func(r *results.Record) string { return r.Spec.Metric.Name }),
		flag("higher_better", func(r *run) bool { return r.record.Spec.Metric.HigherBetter }),
		text("part", func(r *results.Record) string {
			return string(
				results.PartFor(&r.Spec, protocol.TestPart))
		}),
		real("score", func(r *results.Record) float64 {
			return r.Score(plan.Report, plan.Selection,
				protocol.TestPart)
		}),
		real("final_score", func(r *results.Record) float64 {
			return r.Score(protocol.Final, plan.Selection, protocol.TestPart)
		}),
		real("selection_score", func(r *results.Record) float64 {
			return r.Score(plan.Report,
				plan.Selection, plan.Selection)
		}),
	)
	for _, name := range names(runs,
		func(r *results.Record) protocol.Setting { return r.Run.Optimizer.Setting }) {
		fields = append(fields, field[*run]{"set_" + name, columns.Number, func(r *run) any {
			return lookup(r.record.Run.Optimizer.Setting, name)
		}})
	}
	fields = append(fields,
		integer("steps", func(r *results.Record) int64 { return int64(r.End.Steps) }),
		integer("examples", func(r *results.Record) int64 { return r.End.Seen }),
		integer("unused", func(r *results.Record) int64 { return r.End.Unused }),
		integer("gradients", func(r *results.Record) int64 { return r.End.Gradients }),
		integer("variances", func(r *results.Record) int64 { return r.End.Variances }),
		integer("curvatures", func(r *results.Record) int64 { return r.End.Curvatures }),
		flag("oracle", func(r *run) bool { return r.record.End.Oracle }),
		integer("min_batch", func(r *results.Record) int64 { return int64(r.End.MinBatch) }),
		integer("max_batch", func(r *results.Record) int64 { return int64(r.End.MaxBatch) }),
		real("problem_seconds", func(r *results.Record) float64 { return r.Host.ProblemTime }),
		real("optimizer_seconds", func(r *results.Record) float64 { return r.Host.OptimizerTime }),
		real("transport_seconds", func(r *results.Record) float64 { return r.Host.TransportTime }),
		real("evaluate_seconds", func(r *results.Record) float64 { return r.Host.EvaluateTime }),
		real("harness_seconds", func(r *results.Record) float64 { return r.Host.HarnessTime }),
		integer("protocol", func(r *results.Record) int64 { return int64(r.Run.Protocol) }),
		text("problem_name", func(r *results.Record) string { return r.Run.Problem.Name }),
		text("problem_version", func(r *results.Record) string { return r.Run.Problem.Version }),
		text("problem_plugin", func(r *results.Record) string { return r.Run.Problem.Plugin.Plugin }),
		text("problem_sha256", func(r *results.Record) string {
			return cmp.Or(r.Host.Executables["problem"], r.Run.Problem.Plugin.SHA256)
		}),
		text("problem_digest", func(r *results.Record) string { return r.Run.Problem.Plugin.Digest }),
		text("problem_environment", func(r *results.Record) string {
			return r.Run.Problem.Plugin.Environment
		}),
		text("problem_fingerprint", func(r *results.Record) string { return r.Run.Problem.Fingerprint }),
		text("data_sha256", func(r *results.Record) string {
			var files []string
			for _, f := range r.Run.Problem.Data {
				files = append(files, f.Name+"="+f.SHA256)
			}
			return strings.Join(files, " ")
		}),
	)
	for _, name := range names(runs,
		func(r *results.Record) protocol.Setting { return r.Run.Problem.Parameters }) {
		fields = append(fields, field[*run]{"par_" + name, columns.Number, func(r *run) any {
			return lookup(r.record.Run.Problem.Parameters, name)
		}})
	}
	fields = append(fields,
		text("optimizer_name", func(r *results.Record) string { return r.Run.Optimizer.Name }),
		text("optimizer_version", func(r *results.Record) string { return r.Run.Optimizer.Version }),
		text("optimizer_plugin", func(r *results.Record) string { return r.Run.Optimizer.Plugin.Plugin }),
		text("optimizer_sha256", func(r *results.Record) string {
			return cmp.Or(r.Host.Executables["optimizer"], r.Run.Optimizer.Plugin.SHA256)
		}),
		text("optimizer_digest", func(r *results.Record) string { return r.Run.Optimizer.Plugin.Digest }),
		text("optimizer_environment", func(r *results.Record) string {
			return r.Run.Optimizer.Plugin.Environment
		}),
		text("optimizer_fingerprint", func(r *results.Record) string {
			return r.Run.Optimizer.Fingerprint
		}),
		integer("budget", func(r *results.Record) int64 { return r.Run.Budget }),
		integer("batch_size", func(r *results.Record) int64 { return int64(r.Run.BatchSize) }),
		text("schedule", func(r *results.Record) string {
			var drops []string
			if s := r.Run.Schedule; s.Warmup > 0 || s.Decay != protocol.Constant {
				return s.String()
			}
			for _, d := range r.Run.Schedule.Drops {
				drops = append(drops, fmt.Sprintf("%g:%g", d.At, d.Factor))
			}
			return strings.Join(drops, " ")
		}),
		real("clip", func(r *results.Record) float64 { return r.Run.Clip }),
		text("order", func(r *results.Record) string { return string(r.Run.Order) }),
		integer("evaluations", func(r *results.Record) int64 { return int64(r.Run.Evaluations) }),
		integer("trace", func(r *results.Record) int64 { return int64(r.Run.Trace) }),
		flag("diagnostics", func(r *run) bool { return r.record.Run.Diagnostics }),
		text("made_for", func(r *results.Record) string { return r.Host.Plan }),
		text("harness", func(r *results.Record) string { return r.Host.Harness }),
		text("go", func(r *results.Record) string { return r.Host.GoVersion }),
		text("platform", func(r *results.Record) string { return r.Host.Platform }),
		text("cpu", func(r *results.Record) string { return r.Host.CPU }),
		integer("cores", func(r *results.Record) int64 { return int64(r.Host.Cores) }),
		text("machine", func(r *results.Record) string { return r.Host.Machine }),
		text("problem_transport", func(r *results.Record) string { return r.Host.Transport["problem"] }),
		text("optimizer_transport", func(r *results.Record) string {
			return r.Host.Transport["optimizer"]
		}),
		integer("threads", func(r *results.Record) int64 { return int64(r.Host.Threads) }),
		integer("parallel", func(r *results.Record) int64 { return int64(r.Host.Parallel) }),
		text("started", func(r *results.Record) string { return r.Host.Started }),
		imported("source", func(i *results.Imported) string { return i.Source }),
		imported("file", func(i *results.Imported) string { return i.File }),
		imported("sha256", func(i *results.Imported) string { return i.SHA256 }),
		imported("problem", func(i *results.Imported) string { return i.Problem }),
		imported("optimizer", func(i *results.Imported) string { return i.Optimizer }),
	)
	return build("runs", fields, runs)
}

// names lists, in order, the names that occur in the setting of any run.
func names(runs []*run, of func(*results.Record) protocol.Setting) []string {
	all := map[string]bool{}
	for _, r := range runs {
		for name := range of(r.record) {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func lookup(s protocol.Setting, name string) any {
	if v, ok := s[name]; ok {
		return v
	}
	return nil
}

// pointTable returns the table of evaluations.
func (s *Source) pointTable(runs []*run) *Table {
	type row struct {
		*run
		*results.Point
	}
	var rows []row
	for _, r := range runs {
		for i := range r.record.Points {
			rows = append(rows, row{r, &r.record.Points[i]})
		}
	}
	fields := widen(s.identity(), func(r row) *run { return r.run })
	fields = append(fields,
		field[row]{"mark", columns.Integer, func(r row) any { return r.Mark }},
		field[row]{"seen", columns.Integer, func(r row) any { return r.Seen }},
		field[row]{"step", columns.Integer, func(r row) any { return int64(r.Step) }},
		field[row]{"batch_size", columns.Integer, func(r row) any { return int64(r.BatchSize) }})
	for _, part := range []protocol.Part{
		protocol.TrainPart, protocol.ValidationPart,
		protocol.TestPart,
	} {
		value := func(of func(results.Value) protocol.Number) func(row) any {
			return func(r row) any {
				v, ok := r.At(part)
				if !ok {
					return nil
				}
				return float64(of(v))
			}
		}
		fields = append(fields,
			field[row]{
				string(part) + "_loss", columns.Number,
				value(func(v results.Value) protocol.Number { return v.Loss }),
			},
			field[row]{
				string(part) + "_metric", columns.Number,
				value(func(v results.Value) protocol.Number { return v.Metric }),
			})
	}
	return build("points", fields, rows)
}

// widen converts columns of runs to columns of rows that belong to runs.
func widen[R any](fields []field[*run], of func(R) *run) []field[R] {
	var wide []field[R]
	for _, f := range fields {
		wide = append(wide, field[R]{f.name, f.kind, func(r R) any { return f.value(of(r)) }})
	}
	return wide
}

// traceTable returns the table of traced steps.
func (s *Source) traceTable(runs []*run) *Table {
	type row struct {
		*run
		trace *results.Trace
		i     int
	}
	var rows []row
	reports, diagnostics := map[string]bool{}, map[string]bool{}
	for _, r := range runs {
		trace := r.record.Trace
		if trace == nil {
			continue
		}
		for name := range trace.Reports {
			reports[name] = true
		}
		for name := range trace.Diagnostics {
			diagnostics[name] = true
		}
		for i := range trace.Seen {
			rows = append(rows, row{r, trace, i})
		}
	}
	fields := widen(s.identity(), func(r row) *run { return r.run })
	fields = append(fields,
		field[row]{"step", columns.Integer, func(r row) any { return int64(r.i * r.trace.Stride) }},
		field[row]{"seen", columns.Integer, func(r row) any { return r.trace.Seen[r.i] }},
		field[row]{"loss", columns.Number, func(r row) any { return float64(r.trace.Loss[r.i]) }},
		field[row]{
			"batch_size", columns.Integer,
			func(r row) any { return int64(r.trace.BatchSize[r.i]) },
		})
	add := func(prefix string, names map[string]bool,
		of func(*results.Trace) map[string][]protocol.Number,
	) {
		for _, name := range slices.Sorted(maps.Keys(names)) {
			fields = append(fields, field[row]{prefix + name, columns.Number, func(r row) any {
				if values := of(r.trace)[name]; r.i < len(values) {
					return float64(values[r.i])
				}
				return nil
			}})
		}
	}
	add("report_", reports, func(t *results.Trace) map[string][]protocol.Number { return t.Reports })
	add("diagnostic_", diagnostics,
		func(t *results.Trace) map[string][]protocol.Number { return t.Diagnostics })
	return build("trace", fields, rows)
}
