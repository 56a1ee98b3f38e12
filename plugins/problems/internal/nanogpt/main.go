// This program makes one run of AdamW on opticks-nanogpt at the settings that nanoGPT publishes for
// CPUs, and then PyTorch's run of the same model from the same start on the same batches in the
// same order, and compares them:
//
//	go run ./plugins/problems/internal/nanogpt [-seed 0] [-python /usr/bin/python3]
//
// It fails unless the losses of the first 20 steps agree to 1e-4. It prints both losses on the test
// part at the end, which differ by what rounding leads to over 2000 steps. That takes some minutes
// on either side.
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"noisebench/harness"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
	"noisebench/results"
)

func main() {
	log.SetFlags(0)
	seed := flag.Uint64("seed", 0, "seed of the run")
	python := flag.String("python", "/usr/bin/python3", "interpreter that has torch")
	script := flag.String("script", "plugins/problems/testdata/nanogpt.py", "PyTorch's side")
	flag.Parse()
	dir, err := os.MkdirTemp("", "nanogpt")
	if err != nil {
		log.Fatal(err)
	}
	err = compare(dir, *seed, *python, *script)
	if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
		log.Fatal(err)
	}
}

func compare(dir string, seed uint64, python, script string) error {
	record, err := run(dir, seed)
	if err != nil {
		return err
	}
	last := record.Points[len(record.Points)-1]
	fmt.Printf("noisebench: test loss %.4f after %d steps\n", float64(last.Test.Loss),
		record.End.Steps)
	command := exec.Command(python, script, dir)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return command.Run()
}

// run makes our run, and writes to files what PyTorch needs for its own: the text, the start, the
// batches, and the losses to compare with.
func run(dir string, seed uint64) (*results.Record, error) {
	problem, err := named(problems.All(), "opticks-nanogpt", func(d protocol.ProblemDef) string {
		return d.Name
	})
	if err != nil {
		return nil, err
	}
	adamW, err := named(optimizers.All(), "adamw", func(d protocol.OptimizerDef) string {
		return d.Name
	})
	if err != nil {
		return nil, err
	}
	// nanoGPT's weight decay of 0.1 is multiplied by the step size; that of adamw here is not.
	setting, err := protocol.Resolve(adamW.Hyperparameters, protocol.Setting{
		protocol.StepSize: 1e-3, "beta2": 0.99, "weight_decay": 0.1 * 1e-3,
	})
	if err != nil {
		return nil, err
	}
	at, spec, err := problem.At(nil)
	if err != nil {
		return nil, err
	}
	text, err := data.ReadOpticks()
	if err != nil {
		return nil, err
	}
	observed := &observer{}
	open := problem.New32
	problem.New32 = func(s protocol.Setting) (protocol.Problem[float32], error) {
		p, err := open(s)
		observed.Problem = p
		return observed, err
	}
	record, err := harness.Run(context.Background(), problem, adamW, results.Run{
		Protocol:    protocol.Version,
		Problem:     results.ProblemID{Name: problem.Name, Version: problem.Version, Parameters: at},
		Optimizer:   results.OptimizerID{Name: adamW.Name, Version: adamW.Version, Setting: setting},
		Seed:        seed,
		Budget:      spec.Budget,
		BatchSize:   spec.BatchSize,
		Schedule:    protocol.Schedule{Warmup: 0.05, Decay: protocol.Cosine, Final: 0.1},
		Clip:        1,
		Order:       protocol.Reshuffled,
		Evaluations: 1,
	}, nil)
	if err != nil {
		return nil, err
	}
	for name, values := range map[string]any{
		"start.f32": observed.start, "examples.i32": observed.examples, "losses.f64": observed.losses,
		"train.u8": text.Train, "test.u8": text.Test[:spec.Test*64+1],
	} {
		bytes, err := binary.Append(nil, binary.LittleEndian, values)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), bytes, fs.FileMode(0o666))
		}
		if err != nil {
			return nil, err
		}
	}
	return record, nil
}

func named[D any](all []D, name string, of func(D) string) (D, error) {
	i := slices.IndexFunc(all, func(d D) bool { return of(d) == name })
	if i < 0 {
		var none D
		return none, fmt.Errorf("there is no %s", name)
	}
	return all[i], nil
}

// observer keeps what a run asks of a problem.
type observer struct {
	protocol.Problem[float32]
	start    []float32
	examples []int32   // of all batches, one after the other
	losses   []float64 // of each batch
}

func (o *observer) Init(x []float32, seed uint64) error {
	err := o.Problem.Init(x, seed)
	o.start = slices.Clone(x)
	return err
}

func (o *observer) Measure(
	x []float32, b protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float32],
) error {
	err := o.Problem.Measure(x, b, want, m)
	for _, n := range b.Examples {
		o.examples = append(o.examples, int32(n))
	}
	o.losses = append(o.losses, m.Loss)
	return err
}
