package bundle

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"noisebench/protocol"
	"noisebench/results"
)

// Definitions holds the declarations of a plan's optimizers and problems, by the names that the
// plan uses. They determine what a plan needs, as those of plugins do, but contain no code: opening
// one of them is an error.
type Definitions struct {
	Problems   map[string]Problem   `json:"problems"`
	Optimizers map[string]Optimizer `json:"optimizers"`
	// Others are the definitions on other platforms, if runs made there were taken from another
	// bundle.
	Others []Definitions `json:"others,omitempty"`
}

// Made reports whether the definitions include a record's problem and optimizer.
func (d *Definitions) Made(r *results.Record) bool {
	problem := func(p Problem) bool {
		id := &r.Run.Problem
		return p.Name == id.Name && p.Version == id.Version && p.Plugin == identity(id.Plugin) &&
			slices.ContainsFunc(p.Specs, func(s Spec) bool {
				return maps.Equal(s.At, id.Parameters) &&
					(id.Fingerprint == "" ||
						slices.Contains(slices.Collect(maps.Values(s.Fingerprints)), id.Fingerprint))
			})
	}
	optimizer := func(o Optimizer) bool {
		id := &r.Run.Optimizer
		return o.Name == id.Name && o.Version == id.Version && o.Plugin == identity(id.Plugin) &&
			o.Fingerprint == id.Fingerprint
	}
	return slices.ContainsFunc(slices.Collect(maps.Values(d.Problems)), problem) &&
		slices.ContainsFunc(slices.Collect(maps.Values(d.Optimizers)), optimizer)
}

// Problem holds the declarations of a protocol.ProblemDef, with its specs at the parameters of the
// plan's entries.
type Problem struct {
	Name       string          `json:"name"`
	Version    string          `json:"version"`
	Plugin     protocol.Origin `json:"plugin"`
	Doc        string          `json:"doc,omitempty"`
	Source     string          `json:"source,omitempty"`
	Parameters []Parameter     `json:"parameters,omitempty"`
	Specs      []Spec          `json:"specs"` // one per distinct setting of the parameters
}

// Spec is the specification of a problem at a complete setting of its parameters.
type Spec struct {
	At   protocol.Setting     `json:"at"`
	Spec protocol.ProblemSpec `json:"spec"`
	// Fingerprints are the results of the problem's ProblemDef.Fingerprint, by the name of the
	// needed quantities, such as "gradient+variance-norm".
	Fingerprints map[string]string `json:"fingerprints,omitempty"`
}

// Optimizer holds the declarations of a protocol.OptimizerDef.
type Optimizer struct {
	Name             string            `json:"name"`
	Version          string            `json:"version"`
	Plugin           protocol.Origin   `json:"plugin"`
	Doc              string            `json:"doc,omitempty"`
	Source           string            `json:"source,omitempty"`
	Hyperparameters  []Parameter       `json:"hyperparameters,omitempty"`
	Needs            protocol.Quantity `json:"needs"` // bits, as in a protocol.ProblemSpec
	ChoosesBatchSize bool              `json:"chooses_batch_size,omitempty"`
	Averages         bool              `json:"averages,omitempty"`
	Trials           bool              `json:"trials,omitempty"`
	FullBatch        bool              `json:"full_batch,omitempty"`
	Reports          []string          `json:"reports,omitempty"`
	DTypes           []protocol.DType  `json:"dtypes"` // element types with which it runs
	Fingerprint      string            `json:"fingerprint,omitempty"`
}

// Parameter is a protocol.Hyperparameter.
type Parameter struct {
	Name    string            `json:"name"`
	Doc     string            `json:"doc,omitempty"`
	Default protocol.Number   `json:"default"`
	Min     protocol.Number   `json:"min"`
	Max     protocol.Number   `json:"max"`
	MinOpen bool              `json:"min_open,omitempty"`
	MaxOpen bool              `json:"max_open,omitempty"`
	Integer bool              `json:"integer,omitempty"`
	Log     bool              `json:"log,omitempty"`
	Tuned   bool              `json:"tuned,omitempty"`
	Grid    []protocol.Number `json:"grid,omitempty"`
	Later   bool              `json:"later,omitempty"`
}

// Lookup returns problems and optimizers by the names that plans use. It equals
// harness.Definitions.
type Lookup interface {
	Problem(name string) (protocol.ProblemDef, error)
	Optimizer(name string) (protocol.OptimizerDef, error)
}

// Describe returns the declarations of the optimizers and problems of a plan with its defaults
// filled in. Specs are taken from records where they exist, since the definitions may be of a later
// build, which declares more.
func Describe(
	plan *protocol.Plan, definitions Lookup, records iter.Seq[*results.Record],
) (*Definitions, error) {
	d := &Definitions{Problems: map[string]Problem{}, Optimizers: map[string]Optimizer{}}
	needs := map[string]*protocol.OptimizerDef{}
	for _, e := range plan.Optimizers {
		def, err := definitions.Optimizer(e.Optimizer)
		if err != nil {
			return nil, err
		}
		o := DescribeOptimizer(&def)
		if def.Fingerprint != nil {
			if o.Fingerprint, err = def.Fingerprint(); err != nil {
				return nil, fmt.Errorf("optimizer %s: %w", e.Name, err)
			}
		}
		d.Optimizers[e.Optimizer], needs[e.Optimizer] = o, &def
	}
	for _, e := range plan.Problems {
		def, err := definitions.Problem(e.Problem)
		if err != nil {
			return nil, err
		}
		at, spec, err := def.At(e.With)
		if err != nil {
			return nil, fmt.Errorf("problem %s: %w", e.Name, err)
		}
		p, known := d.Problems[e.Problem]
		if !known {
			p = DescribeProblem(&def)
		}
		if !slices.ContainsFunc(p.Specs, func(s Spec) bool { return maps.Equal(s.At, at) }) {
			s := Spec{At: at, Spec: spec}
			for _, o := range needs {
				q := plan.Measured(&spec, o)
				if _, known := s.Fingerprints[q.String()]; known || def.Fingerprint == nil ||
					!spec.Measures.Has(q) {
					continue
				}
				print, err := def.Fingerprint(at, q)
				if err != nil {
					return nil, fmt.Errorf("problem %s: %w", e.Name, err)
				}
				if s.Fingerprints == nil {
					s.Fingerprints = map[string]string{}
				}
				s.Fingerprints[q.String()] = print
			}
			p.Specs = append(p.Specs, s)
		}
		d.Problems[e.Problem] = p
	}
	for r := range records {
		for _, p := range d.Problems {
			for i := range p.Specs {
				if p.Name == r.Run.Problem.Name && p.Plugin == identity(r.Run.Problem.Plugin) &&
					maps.Equal(p.Specs[i].At, r.Run.Problem.Parameters) {
					p.Specs[i].Spec = r.Spec
				}
			}
		}
	}
	return d, nil
}

// DescribeProblem returns the declarations of a problem without its specs.
func DescribeProblem(def *protocol.ProblemDef) Problem {
	return Problem{
		Name: def.Name, Version: def.Version, Plugin: identity(def.Origin), Doc: def.Doc,
		Source: def.Source, Parameters: parameters(def.Parameters),
	}
}

// DescribeOptimizer returns the declarations of an optimizer.
func DescribeOptimizer(def *protocol.OptimizerDef) Optimizer {
	o := Optimizer{
		Name: def.Name, Version: def.Version, Plugin: identity(def.Origin), Doc: def.Doc,
		Source: def.Source, Hyperparameters: parameters(def.Hyperparameters), Needs: def.Needs,
		ChoosesBatchSize: def.ChoosesBatchSize, Averages: def.Averages, Trials: def.Trials,
		FullBatch: def.FullBatch, Reports: def.Reports,
	}
	for _, t := range []protocol.DType{protocol.Float32, protocol.Float64} {
		if def.Offers(t) {
			o.DTypes = append(o.DTypes, t)
		}
	}
	return o
}

// identity returns an origin without the paths of the code.
func identity(o protocol.Origin) protocol.Origin {
	o.Path, o.Executable = "", ""
	return o
}

func parameters(declared []protocol.Hyperparameter) []Parameter {
	var all []Parameter
	for _, h := range declared {
		p := Parameter{
			Name: h.Name, Doc: h.Doc, Default: protocol.Number(h.Default), Min: protocol.Number(h.Min),
			Max: protocol.Number(h.Max), MinOpen: h.MinOpen, MaxOpen: h.MaxOpen, Integer: h.Integer,
			Log: h.Log, Tuned: h.Tuned, Later: h.Later,
		}
		for _, v := range h.Grid {
			p.Grid = append(p.Grid, protocol.Number(v))
		}
		all = append(all, p)
	}
	return all
}

func declared(parameters []Parameter) []protocol.Hyperparameter {
	var all []protocol.Hyperparameter
	for _, p := range parameters {
		h := protocol.Hyperparameter{
			Name: p.Name, Doc: p.Doc, Default: float64(p.Default), Min: float64(p.Min), Max: float64(p.Max),
			MinOpen: p.MinOpen, MaxOpen: p.MaxOpen, Integer: p.Integer, Log: p.Log, Tuned: p.Tuned,
			Later: p.Later,
		}
		for _, v := range p.Grid {
			h.Grid = append(h.Grid, float64(v))
		}
		all = append(all, h)
	}
	return all
}

var errNoCode = errors.New("its definition was read from a bundle, which holds no code to run")

// Problem returns the definition of a problem by its name in the plan.
func (d *Definitions) Problem(name string) (protocol.ProblemDef, error) {
	p, ok := d.Problems[name]
	if !ok {
		return protocol.ProblemDef{}, protocol.Unknown("problem", name,
			slices.Collect(maps.Keys(d.Problems)))
	}
	def := protocol.ProblemDef{
		Name: p.Name, Version: p.Version, Doc: p.Doc, Source: p.Source,
		Parameters: declared(p.Parameters), Origin: p.Plugin,
		Spec: func(at protocol.Setting) (protocol.ProblemSpec, error) {
			for _, s := range p.Specs {
				if maps.Equal(s.At, at) {
					return s.Spec, nil
				}
			}
			return protocol.ProblemSpec{}, fmt.Errorf("definitions.json has no spec of problem %s at %s",
				p.Name, at)
		},
		New32: func(protocol.Setting) (protocol.Problem[float32], error) { return nil, errNoCode },
		New64: func(protocol.Setting) (protocol.Problem[float64], error) { return nil, errNoCode },
	}
	if slices.ContainsFunc(p.Specs, func(s Spec) bool { return s.Fingerprints != nil }) {
		def.Fingerprint = func(at protocol.Setting, needs protocol.Quantity) (string, error) {
			for _, s := range p.Specs {
				if print, ok := s.Fingerprints[needs.String()]; ok && maps.Equal(s.At, at) {
					return print, nil
				}
			}
			return "", fmt.Errorf("definitions.json has no fingerprint of problem %s at %s for %v", p.Name,
				at, needs)
		}
	}
	return def, nil
}

// Optimizer returns the definition of an optimizer by its name in the plan.
func (d *Definitions) Optimizer(name string) (protocol.OptimizerDef, error) {
	o, ok := d.Optimizers[name]
	if !ok {
		return protocol.OptimizerDef{}, protocol.Unknown("optimizer", name,
			slices.Collect(maps.Keys(d.Optimizers)))
	}
	def := protocol.OptimizerDef{
		Name: o.Name, Version: o.Version, Doc: o.Doc, Source: o.Source,
		Hyperparameters: declared(o.Hyperparameters), Needs: o.Needs,
		ChoosesBatchSize: o.ChoosesBatchSize, Averages: o.Averages, Trials: o.Trials,
		FullBatch: o.FullBatch, Reports: o.Reports, Origin: o.Plugin,
	}
	if o.Fingerprint != "" {
		def.Fingerprint = func() (string, error) { return o.Fingerprint, nil }
	}
	if slices.Contains(o.DTypes, protocol.Float32) {
		def.New32 = func(protocol.Start) (protocol.Optimizer[float32], protocol.Request, error) {
			return nil, protocol.Request{}, errNoCode
		}
	}
	if slices.Contains(o.DTypes, protocol.Float64) {
		def.New64 = func(protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
			return nil, protocol.Request{}, errNoCode
		}
	}
	return def, nil
}

// Lookups finds definitions in the first of several places that has them. The error is that of the
// first place.
type Lookups []Lookup

// Problem implements [Lookup].
func (l Lookups) Problem(name string) (protocol.ProblemDef, error) {
	def, err := l[0].Problem(name)
	for _, other := range l[1:] {
		if err == nil {
			break
		}
		if d, e := other.Problem(name); e == nil {
			return d, nil
		}
	}
	return def, err
}

// Optimizer implements [Lookup].
func (l Lookups) Optimizer(name string) (protocol.OptimizerDef, error) {
	def, err := l[0].Optimizer(name)
	for _, other := range l[1:] {
		if err == nil {
			break
		}
		if d, e := other.Optimizer(name); e == nil {
			return d, nil
		}
	}
	return def, err
}
