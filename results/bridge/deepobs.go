package bridge

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
)

// deepOBS is the source in imported records, and the plugin of their problems and optimizers.
const deepOBS = "DeepOBS"

// maxDeepOBS bounds the size of a file of DeepOBS, in bytes. One with the losses of a million
// steps has some 20 MB.
const maxDeepOBS = 64 << 20

// deepOBSProblems maps the names of DeepOBS' test problems to noisebench's.
var deepOBSProblems = map[string]string{
	"quadratic_deep": "quadratic-deep", "two_d_rosenbrock": "rosenbrock", "two_d_beale": "beale",
	"two_d_branin": "branin",
	"mnist_logreg": "mnist-softmax", "fmnist_logreg": "fmnist-softmax",
	"mnist_mlp": "mnist-mlp", "fmnist_mlp": "fmnist-mlp",
	"mnist_2c2d": "mnist-2c2d", "fmnist_2c2d": "fmnist-2c2d",
	"mnist_vae": "mnist-vae", "fmnist_vae": "fmnist-vae",
	"cifar10_3c3d": "cifar10-3c3d", "cifar100_3c3d": "cifar100-3c3d", "svhn_3c3d": "svhn-3c3d",
	"cifar100_allcnnc": "cifar100-allcnnc", "svhn_wrn164": "svhn-wrn164",
	"tolstoi_char_rnn": "tolstoi-char-rnn",
}

// ProblemName is the name here of a problem in DeepOBS' spelling, such as fmnist-2c2d for
// fmnist_2c2d. Other names are returned as they are.
func ProblemName(name string) string {
	if ours, ok := deepOBSProblems[name]; ok {
		return ours
	}
	return name
}

// deepOBSRun is the contents of a file that DeepOBS' runners write: version 1.1, by which its
// baselines were made, with the names that version 1.2 uses instead of some. Lists of evaluations
// begin with one before the first epoch; losses include the regulariser, as noisebench's do.
type deepOBSRun struct {
	TrainLosses     []protocol.Number `json:"train_losses"`
	TestLosses      []protocol.Number `json:"test_losses"`
	TrainAccuracies []protocol.Number `json:"train_accuracies"` // absent if the problem has none
	TestAccuracies  []protocol.Number `json:"test_accuracies"`
	// every train_log_interval-th of each epoch, from the first
	MinibatchLosses []protocol.Number `json:"minibatch_train_losses"`

	Problem     string   `json:"testproblem"`
	Optimizer   string   `json:"optimizer"`
	Optimizer12 string   `json:"optimizer_name"`
	BatchSize   int      `json:"batch_size"`
	Epochs      int      `json:"num_epochs"`
	Seed        *uint64  `json:"random_seed"`
	LogInterval int      `json:"train_log_interval"`
	StepSize    *float64 `json:"learning_rate"`
	DropEpochs  []int    `json:"lr_sched_epochs"`
	// factor of the initial step size from that epoch on
	DropFactors []float64                  `json:"lr_sched_factors"`
	WeightDecay *float64                   `json:"weight_decay"` // null means the problem's
	L2          *float64                   `json:"l2_reg"`       // name in version 1.2
	Parameters  map[string]json.RawMessage `json:"hyperparams"`
	// including the learning rate
	Settings12 map[string]json.RawMessage `json:"optimizer_hyperparams"`
}

// ReadDeepOBS reads a folder of DeepOBS' results at any level: all of results/, one problem or one
// optimizer,
//
//	PROBLEM/OPTIMIZER/num_epochs__100__batch_size__128__…__lr__1.e-02/
//	  random_seed__42__2019-02-13-14-35-45.json
//
// define looks up noisebench's problems by name. Names of optimizers and hyperparameters are kept,
// except the learning rate, which becomes step_size. The validation losses and accuracies of
// version 1.2 are not read, since it holds out other examples than noisebench. Records are in the
// order of their files; of several files with the same setting and seed the last is used. notes
// list omissions and oddities.
func ReadDeepOBS(
	dir string, define func(name string) (protocol.ProblemDef, error),
) (records []*results.Record, notes []string, err error) {
	index := map[string]int{} // index of a record by its ID
	empty := map[string]bool{}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		switch {
		case e.IsDir():
			if strings.HasPrefix(e.Name(), "num_epochs__") {
				empty[relative] = true
			}
			return nil
		case !strings.HasPrefix(e.Name(), "random_seed__") || filepath.Ext(path) != ".json":
			return nil
		}
		delete(empty, filepath.Dir(relative))
		data, err := results.ReadRegular(path, maxDeepOBS)
		if err != nil {
			notes = append(notes, fmt.Sprintf("%s is left out: %v", relative, err))
			return nil
		}
		record, err := deepOBSRecord(filepath.ToSlash(relative), data, define)
		if err != nil {
			notes = append(notes, fmt.Sprintf("%s is left out: %v", relative, err))
			return nil
		}
		id := record.Run.ID()
		if i, known := index[id]; known {
			notes = append(notes,
				fmt.Sprintf("%s is left out: %s is a later run of the same setting and seed",
					records[i].Imported.File, record.Imported.File))
			records[i] = record
			return nil
		}
		index[id] = len(records)
		records = append(records, record)
		return nil
	})
	for _, folder := range slices.Sorted(maps.Keys(empty)) {
		notes = append(notes, folder+" holds no run")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read DeepOBS' results: %w", err)
	}
	if len(records) == 0 && len(notes) == 0 {
		return nil, nil, fmt.Errorf("%s holds no results of DeepOBS, "+
			"which are files PROBLEM/OPTIMIZER/num_epochs__…/random_seed__….json", dir)
	}
	return records, notes, nil
}

// deepOBSRecord converts a file to a record.
func deepOBSRecord(
	file string, data []byte, define func(string) (protocol.ProblemDef, error),
) (*results.Record, error) {
	var d deepOBSRun
	if err := json.Unmarshal(plainJSON(data), &d); err != nil {
		return nil, fmt.Errorf("not a result of DeepOBS, or torn: %w", err)
	}
	d.Optimizer = cmp.Or(d.Optimizer, d.Optimizer12)
	if err := d.check(); err != nil {
		return nil, err
	}
	ours, ok := deepOBSProblems[d.Problem]
	if !ok {
		return nil, protocol.Unknown("problem", d.Problem, slices.Sorted(maps.Keys(deepOBSProblems)))
	}
	def, err := define(ours)
	if err != nil {
		return nil, err
	}
	parameters, spec, err := def.At(nil)
	if err != nil {
		return nil, err
	}
	setting, err := d.setting()
	if err != nil {
		return nil, err
	}
	schedule, err := d.schedule()
	if err != nil {
		return nil, err
	}
	spec.Train += spec.Validation // DeepOBS holds out no validation part
	spec.Validation, spec.Data = 0, nil
	steps, err := d.stepsPerEpoch(spec.Train)
	if err != nil {
		return nil, err
	}
	budget := int64(d.Epochs) * int64(steps) * int64(d.BatchSize)
	plugin := protocol.Origin{Plugin: deepOBS}
	r := &results.Record{
		Run: results.Run{
			Protocol:  protocol.Version,
			Problem:   results.ProblemID{Name: ours, Plugin: plugin, Parameters: parameters},
			Optimizer: results.OptimizerID{Name: d.Optimizer, Plugin: plugin, Setting: setting},
			Seed:      *d.Seed, Budget: budget, BatchSize: d.BatchSize,
			Schedule: protocol.Schedule{Drops: schedule}, Order: protocol.Frozen, Evaluations: d.Epochs,
			Trace: deepOBSTrace,
		},
		Imported: &results.Imported{
			Source: deepOBS, File: file, SHA256: fmt.Sprintf("%x", sha256.Sum256(data)), Problem: d.Problem,
			Optimizer: d.Optimizer,
		},
		Spec: spec,
	}
	if d.Optimizer12 != "" {
		r.Run.Order = protocol.Reshuffled // as PyTorch's loaders are
	}
	if r.Points, err = d.points(&spec, steps); err != nil {
		return nil, err
	}
	r.Trace = d.trace(steps)
	r.End = results.End{
		Status: results.OK, Steps: d.Epochs * steps, Seen: budget, Gradients: budget,
		MinBatch: d.BatchSize, MaxBatch: d.BatchSize,
	}
	for i, p := range r.Points {
		if p.Finite() {
			continue
		}
		if i == 0 {
			return nil, errors.New("loss or accuracy is not finite before the first epoch")
		}
		r.End.Status = results.Diverged
		r.End.Reason = fmt.Sprintf("loss or accuracy is not finite after epoch %d", i)
		break
	}
	return r, nil
}

// check returns an error that names the first missing or invalid value.
func (d *deepOBSRun) check() error {
	n := d.Epochs + 1
	switch {
	case d.Problem == "" || d.Optimizer == "":
		return errors.New("it names no testproblem or no optimizer")
	case d.Seed == nil:
		return errors.New("it has no random_seed")
	case d.BatchSize < 1 || d.Epochs < 1 || d.BatchSize > math.MaxInt32 || d.Epochs > math.MaxInt32:
		return fmt.Errorf("batch_size is %d and num_epochs is %d, want positive numbers", d.BatchSize,
			d.Epochs)
	case len(d.TrainLosses) != n || len(d.TestLosses) != n:
		return fmt.Errorf("it has %d train_losses and %d test_losses, want %d of each: the run "+
			"was not finished",
			len(d.TrainLosses), len(d.TestLosses), n)
	case len(d.TrainAccuracies) != len(d.TestAccuracies),
		len(d.TestAccuracies) != 0 && len(d.TestAccuracies) != n:
		return fmt.Errorf("it has %d train_accuracies and %d test_accuracies, want %d of each or none",
			len(d.TrainAccuracies), len(d.TestAccuracies), n)
	}
	return nil
}

// setting collects the hyperparameters. Booleans become 0 and 1.
func (d *deepOBSRun) setting() (protocol.Setting, error) {
	s := protocol.Setting{}
	given := maps.Clone(d.Parameters)
	if d.Settings12 != nil {
		given = maps.Clone(d.Settings12)
	}
	for _, name := range []string{"lr", "learning_rate"} { // the names in PyTorch and TensorFlow
		if raw, ok := given[name]; ok && d.StepSize == nil {
			if err := json.Unmarshal(raw, &d.StepSize); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			delete(given, name)
		}
	}
	if d.StepSize != nil && !(*d.StepSize > 0) {
		return nil, fmt.Errorf("learning_rate is %g, want a positive number", *d.StepSize)
	}
	for name, v := range map[string]*float64{
		protocol.StepSize: d.StepSize, "weight_decay": cmp.Or(d.WeightDecay, d.L2),
	} {
		if v != nil {
			s[name] = *v
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		var v any
		if err := json.Unmarshal(given[name], &v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		switch v := v.(type) {
		case float64:
			s[name] = v
		case bool:
			s[name] = 0
			if v {
				s[name] = 1
			}
		default:
			return nil, fmt.Errorf("hyperparameter %s is %s, want a number or a truth value", name,
				given[name])
		}
	}
	return s, nil
}

// schedule converts factors of the initial step size at epochs to drops, each of which multiplies
// the previous step size.
func (d *deepOBSRun) schedule() ([]protocol.Drop, error) {
	if len(d.DropEpochs) != len(d.DropFactors) {
		return nil, fmt.Errorf("%d lr_sched_epochs, but %d lr_sched_factors", len(d.DropEpochs),
			len(d.DropFactors))
	}
	var schedule []protocol.Drop
	before := 1.
	for i, epoch := range d.DropEpochs {
		schedule = append(schedule, protocol.Drop{
			At: float64(epoch) / float64(d.Epochs), Factor: d.DropFactors[i] / before,
		})
		before = d.DropFactors[i]
	}
	return schedule, (&protocol.Schedule{Drops: schedule}).Check()
}

// stepsPerEpoch returns the number of batches per epoch: the number of logged losses if every step
// was logged, else the number of whole batches in the training examples.
func (d *deepOBSRun) stepsPerEpoch(train int) (int, error) {
	if n := len(d.MinibatchLosses); d.LogInterval == 1 && n > 0 && n%d.Epochs == 0 {
		return n / d.Epochs, nil
	}
	if train < d.BatchSize {
		return 0, fmt.Errorf("cannot tell the steps in an epoch: minibatch_train_losses has %d values, "+
			"and the problem %d training examples in batches of %d", len(d.MinibatchLosses), train,
			d.BatchSize)
	}
	return train / d.BatchSize, nil
}

// points returns the evaluations, with the metric of noisebench's problem.
func (d *deepOBSRun) points(spec *protocol.ProblemSpec, steps int) ([]results.Point, error) {
	value := func(losses, accuracies []protocol.Number, i int) results.Value {
		v := results.Value{Loss: losses[i], Metric: losses[i]}
		switch spec.Metric.Name {
		case results.Accuracy:
			v.Metric = accuracies[i]
		case results.Suboptimality:
			v.Metric -= protocol.Number(spec.Constants["optimum"])
		}
		return v
	}
	switch name := spec.Metric.Name; {
	case name == results.Accuracy && len(d.TestAccuracies) == 0:
		return nil, errors.New("it has no test_accuracies, the metric of the problem")
	case name != results.Accuracy && name != "loss" && name != results.Suboptimality:
		return nil, fmt.Errorf("the metric of the problem is %s, which DeepOBS does not have", name)
	}
	points := make([]results.Point, d.Epochs+1)
	for i := range points {
		test := value(d.TestLosses, d.TestAccuracies, i)
		seen := int64(i * steps * d.BatchSize)
		points[i] = results.Point{
			Mark: seen, Seen: seen, Step: i * steps, BatchSize: d.BatchSize,
			Train: value(d.TrainLosses, d.TrainAccuracies, i), Test: &test,
		}
	}
	points[0].BatchSize = 0
	return points, nil
}

// deepOBSTrace is the greatest number of steps in the trace of an imported run.
const deepOBSTrace = 100

// trace returns a regular subset of the losses of batches; nil unless all were logged.
func (d *deepOBSRun) trace(steps int) *results.Trace {
	n := len(d.MinibatchLosses)
	if d.LogInterval != 1 || n != steps*d.Epochs {
		return nil
	}
	t := &results.Trace{Stride: (n + deepOBSTrace - 1) / deepOBSTrace}
	for i := 0; i < n; i += t.Stride {
		t.Seen = append(t.Seen, int64((i+1)*d.BatchSize))
		t.Loss = append(t.Loss, d.MinibatchLosses[i])
		t.BatchSize = append(t.BatchSize, d.BatchSize)
	}
	return t
}

// plainJSON quotes NaN, Infinity and -Infinity, which Python writes into JSON, in the form that
// [protocol.Number] reads.
func plainJSON(text []byte) []byte {
	var plain bytes.Buffer
	inString := false
	for i := 0; i < len(text); i++ {
		rest := text[i:]
		switch {
		case inString && text[i] == '\\' && i+1 < len(text):
			plain.WriteByte(text[i])
			i++
		case text[i] == '"':
			inString = !inString
		case inString:
		case bytes.HasPrefix(rest, []byte("NaN")):
			plain.WriteString(`"NaN"`)
			i += len("NaN") - 1
			continue
		case bytes.HasPrefix(rest, []byte("Infinity")):
			plain.WriteString(`"+Inf"`)
			i += len("Infinity") - 1
			continue
		case bytes.HasPrefix(rest, []byte("-Infinity")):
			plain.WriteString(`"-Inf"`)
			i += len("-Infinity") - 1
			continue
		}
		plain.WriteByte(text[i])
	}
	return plain.Bytes()
}

// Cells groups imported runs of one problem into unranked cells, one per optimizer, batch size and
// budget, in order of names. problem is the name of the plan's entry.
//
// The files do not record which runs were made for tuning and which setting was chosen. As in
// DeepOBS' analyzer (OptimizerAnalyzer of deepobs/analyzer, modes "most" and "final"), the chosen
// setting is that with the most runs, and among those the one with the best mean final metric; NaN
// is worst. Its runs are the replicates. The tuning runs are those of the seed with the most
// settings, the least such seed: for the published baselines that is 42, which is also one of the
// ten replicates.
func Cells(problem string, records []*results.Record) []results.Cell {
	type key struct {
		source, optimizer string
		batch             int
		budget            int64
	}
	groups := map[key][]*results.Record{}
	for _, r := range records {
		k := key{r.Imported.Source, r.Run.Optimizer.Name, r.Run.BatchSize, r.Run.Budget}
		groups[k] = append(groups[k], r)
	}
	order := slices.SortedFunc(maps.Keys(groups), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.optimizer, b.optimizer),
			cmp.Compare(a.batch, b.batch), cmp.Compare(a.budget, b.budget))
	})
	var cells []results.Cell
	for _, k := range order {
		c := cellOf(groups[k])
		c.Problem, c.Optimizer, c.Unranked = problem, k.optimizer, "imported from "+k.source
		cells = append(cells, c)
	}
	return cells
}

// cellOf infers how one optimizer was tuned.
func cellOf(records []*results.Record) results.Cell {
	records = slices.Clone(records)
	slices.SortFunc(records, func(a, b *results.Record) int {
		return cmp.Or(cmp.Compare(a.Run.Seed, b.Run.Seed), cmp.Compare(a.Run.ID(), b.Run.ID()))
	})
	settings := map[string][]*results.Record{} // by the setting's text
	seeds := map[uint64]int{}                  // number of runs, which have different settings
	for _, r := range records {
		text := r.Run.Optimizer.Setting.String()
		settings[text] = append(settings[text], r)
		seeds[r.Run.Seed]++
	}
	chosen := slices.MinFunc(slices.Sorted(maps.Keys(settings)), func(a, b string) int {
		if byRuns := cmp.Compare(len(settings[b]), len(settings[a])); byRuns != 0 {
			return byRuns
		}
		metric := settings[a][0].Spec.Metric
		switch ma, mb := meanFinal(settings[a]), meanFinal(settings[b]); {
		case results.Better(metric, ma, mb):
			return -1
		case results.Better(metric, mb, ma):
			return 1
		}
		return 0
	})
	tuning := slices.MinFunc(slices.Sorted(maps.Keys(seeds)), func(a, b uint64) int {
		return cmp.Compare(seeds[b], seeds[a])
	})
	c := results.Cell{Runs: settings[chosen], Setting: protocol.Setting{}}
	for name, v := range c.Runs[0].Run.Optimizer.Setting {
		c.Setting[name] = rounded(v)
	}
	if len(settings) == 1 {
		return c
	}
	varied, steps := map[string]bool{}, map[float64]bool{}
	for _, r := range records {
		if r.Run.Seed != tuning {
			continue
		}
		c.Tuning = append(c.Tuning, r)
		for name, v := range r.Run.Optimizer.Setting {
			if rounded(v) != c.Setting[name] {
				varied[name] = true
			}
		}
		if α, ok := r.Run.Optimizer.Setting[protocol.StepSize]; ok {
			steps[rounded(α)] = true
		}
	}
	c.Tuned = slices.Sorted(maps.Keys(varied))
	if ends := slices.Sorted(maps.Keys(steps)); len(ends) > 1 {
		α := c.Setting[protocol.StepSize]
		if α == ends[0] || α == ends[len(ends)-1] {
			c.Edges = []results.Edge{{Name: protocol.StepSize, Above: α != ends[0]}}
		}
	}
	return c
}

// meanFinal returns the mean of the runs' metrics on the test part at their last points.
func meanFinal(runs []*results.Record) float64 {
	sum := 0.
	for _, r := range runs {
		v, _ := r.Points[len(r.Points)-1].At(protocol.TestPart)
		sum += float64(v.Metric)
	}
	return sum / float64(len(runs))
}

// rounded rounds to six digits, the precision intended by grids such as 10^0.2.
func rounded(v float64) float64 {
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 5, 64), 64)
	if err != nil {
		return v
	}
	return short
}
