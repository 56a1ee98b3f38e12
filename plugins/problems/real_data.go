package problems

import (
	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

// realDef completes the definition of a linear model on one of the real data sets of Balles 2021,
// Sec. 7.4.
func realDef(kept *data.Kept[design], set *data.Set, f family, read func() ([][]float64, error),
	def protocol.ProblemDef,
) protocol.ProblemDef {
	table := func() (*design, error) {
		return kept.Get(func() (*design, error) {
			rows, err := read()
			if err != nil {
				return nil, err
			}
			return newDesign(f, rows, true), nil
		})
	}
	def.Doc += `
The mean of ` + f.doc + `. Features are raw, neither shifted nor scaled, with a one appended for
the bias: the problem is badly conditioned. There is no regulariser and no split, and runs start at 0. The default budget is
the experiment of the source, 100 steps on all examples at once, and the metric is the loss.`
	def.Parameters = append(def.Parameters, likelyParameter())
	def.Spec = func(protocol.Setting) (protocol.ProblemSpec, error) {
		t, err := table()
		if err != nil {
			return protocol.ProblemSpec{}, err
		}
		return linearSpec(t, dataFiles(set)), nil
	}
	def.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
		f := f
		if least := s["clip"]; least > 0 {
			f = clipped(least)
		}
		t, err := table()
		if err != nil {
			return nil, err
		}
		return openLinear(linearSpec(t, dataFiles(set)), t, f.labelled(s), nil), nil
	}
	return def
}

// clipParameter declares the parameter of logistic regression.
func clipParameter() []protocol.Hyperparameter {
	return []protocol.Hyperparameter{{
		Name: "clip", Doc: "probabilities are clipped to [clip, 1 − clip], as by the source's code at " +
			"1e-8; 0: they are exact",
		Max: 0.5, MaxOpen: true,
	}}
}
