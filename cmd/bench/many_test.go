package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/klauspost/compress/zstd"

	"noisebench/harness"
	"noisebench/plugins/catalogue"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
	"noisebench/results/report"
)

var (
	manyRuns  = flag.Int("many", 2000, "about how many runs BenchmarkTable reads")
	manyDir   = flag.String("many-dir", "", "where BenchmarkTable makes the records, and leaves them; for timing bench itself")
	manySteps = flag.Int("many-steps", 100, "how many steps the trace of each run has")
)

var manyEncoder, _ = zstd.NewWriter(nil)

// BenchmarkTable is what bench table does with many records: find them, rank, and lay out. To time
// the command itself on 100,000 records:
//
//	go build -o /tmp/bench ./cmd/bench
//	go test ./cmd/bench -run '^$' -bench Table -benchtime 1x -many 100000 -many-dir /tmp/many
//	/usr/bin/time -v /tmp/bench table /tmp/many/plan.yaml --results /tmp/many
func BenchmarkTable(b *testing.B) {
	dir := *manyDir
	if dir == "" {
		dir = b.TempDir()
	}
	campaign := manyRecords(b, dir)
	runs := 0
	for b.Loop() {
		store, err := openResults(dir, io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		tables := measures.NewBuilder(&campaign.Plan)
		store.Each(campaign, tables.Add)
		r := tables.Report()
		if runs = r.Finished; !r.Complete() {
			b.Fatalf("%d of %d runs", r.Finished, r.Planned)
		}
		if err := (report.Ranking{Report: r}).WriteText(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(runs), "records")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*runs), "µs/record")
}

// manyRecords makes the records of a plan of 20 problems and 20 optimizers, of realistic size: 26
// points on all parts, a trace with diagnostics. As many replicates are asked for as
// give the number of runs that is wanted: how many tuning takes, and where it chooses the default,
// is known once it is done.
func manyRecords(b *testing.B, dir string) *harness.Campaign {
	plan := manyPlan()
	definitions, err := catalogue.Open(b.Context(), catalogue.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer definitions.Close()
	store, err := results.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	made := map[string]*results.Record{}
	replicate := &results.Record{Points: make([]results.Point, 1), End: results.End{Status: results.OK}}
	makeAll := func() *harness.Campaign {
		campaign, err := harness.NewCampaign(plan, definitions)
		if err != nil {
			b.Fatal(err)
		}
		forecast := campaign.Forecast()
		for {
			_, due := campaign.Cells(func(id string) *results.Record { return made[id] })
			before := len(made)
			for i, tasks := range due {
				for _, task := range tasks {
					r := makeRecord(b, store, task, forecast[i])
					if task.Purpose == harness.ForReplicate || task.Purpose == harness.ForOneShot {
						r = replicate // no decision depends on it
					}
					made[task.ID] = r
				}
			}
			if len(made) == before {
				return campaign
			}
		}
	}
	makeAll()
	one := len(made)
	plan.Replicates = 2
	makeAll()
	plan.Replicates = max(2, 1+(*manyRuns-one)/(len(made)-one))
	text, err := yaml.Marshal(plan)
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "plan.yaml"), text, 0o666); err != nil {
		b.Fatal(err)
	}
	return makeAll()
}

func manyPlan() protocol.Plan {
	plan := protocol.Plan{Name: "many", Diagnostics: true, Replicates: 1}
	for _, name := range []string{"noisy-quadratic", "rosenbrock", "digits-softmax", "breast-cancer-logreg", "fmnist-softmax"} {
		for k := range 4 {
			plan.Problems = append(plan.Problems, protocol.ProblemEntry{
				Problem: name, Name: fmt.Sprintf("%s-%d", name, k), Budget: int64(20_000 * (k + 1)),
			})
		}
	}
	for _, size := range []int{32, 64, 128, 512} {
		plan.Optimizers = append(plan.Optimizers, protocol.OptimizerEntry{
			Optimizer: "sgd", Name: fmt.Sprintf("sgd-%d", size), BatchSize: size,
		})
	}
	for _, name := range []string{
		"cabs", "competitor", "heavy-ball", "nesterov", "m-sgd", "sign-sgd", "m-sign-sgd", "adagrad", "rmsprop", "adam", "adamw",
		"svag", "m-svag", "m-svag-mb", "adam-star", "asgd",
	} {
		plan.Optimizers = append(plan.Optimizers, protocol.OptimizerEntry{Optimizer: name, Name: name})
	}
	return plan
}

// makeRecord makes a run up: the closer the step size is to 0.1, the better.
func makeRecord(b *testing.B, store *results.Store, task harness.Task, f harness.Forecast) *results.Record {
	def, err := inProcess{}.Problem(task.Run.Problem.Name)
	if err != nil {
		b.Fatal(err)
	}
	spec, err := def.Spec(task.Run.Problem.Parameters)
	if err != nil {
		b.Fatal(err)
	}
	path := store.Path(task.ID)
	if r, found, err := store.Lookup(task.ID); found {
		return r
	} else if err != nil {
		b.Fatal(err)
	}
	draw := protocol.Stream(task.Run.Seed, f.Problem)
	best := math.Abs(math.Log10(task.Run.Optimizer.Setting[protocol.StepSize])+1) + 0.1*float64(len(f.Optimizer)) + draw.Float64()
	value := func(progress float64) results.Value {
		loss := 10 * math.Pow(10, -3*progress/(1+best)) * (1 + 0.01*draw.Float64())
		metric := loss
		if spec.Metric.HigherBetter {
			metric = math.Exp(-loss)
		}
		return results.Value{Loss: protocol.Number(loss), Metric: protocol.Number(metric)}
	}
	r := &results.Record{
		Run: task.Run, Spec: spec,
		End: results.End{Status: results.OK, Steps: int(task.Run.Budget / 32), Seen: task.Run.Budget, Gradients: task.Run.Budget, MinBatch: 32, MaxBatch: 32},
		Host: results.Host{
			Plan: "many", Platform: "linux/amd64/v3", CPU: "a processor", Machine: "a machine",
			Clocks: results.Clocks{ProblemTime: 0.5, OptimizerTime: 0.1},
		},
	}
	for i := range int64(26) {
		seen := task.Run.Budget * i / 25
		p := results.Point{Mark: seen, Seen: seen, Step: int(seen / 32), BatchSize: 32, Train: value(float64(i) / 25)}
		if spec.Validation > 0 {
			v := value(float64(i) / 25)
			p.Validation = &v
		}
		if spec.Test > 0 {
			v := value(float64(i) / 25)
			p.Test = &v
		}
		r.Points = append(r.Points, p)
	}
	r.Trace = &results.Trace{Stride: 4, Diagnostics: map[string][]protocol.Number{}}
	for i := range int64(*manySteps) {
		r.Trace.Seen = append(r.Trace.Seen, task.Run.Budget*i/int64(*manySteps))
		r.Trace.Loss = append(r.Trace.Loss, protocol.Number(draw.Float64()))
		r.Trace.BatchSize = append(r.Trace.BatchSize, 32)
		for _, name := range []string{"gradient_norm", "variance_norm", "noise_to_signal", "cabs_batch_size"} {
			r.Trace.Diagnostics[name] = append(r.Trace.Diagnostics[name], protocol.Number(draw.Float64()))
		}
	}
	data, err := results.Encode(r)
	if err != nil {
		b.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		b.Fatal(err)
	}
	// not Commit, which waits for the disk
	if err := os.WriteFile(path, manyEncoder.EncodeAll(data, nil), 0o666); err != nil {
		b.Fatal(err)
	}
	r.Trace = nil
	return r
}
