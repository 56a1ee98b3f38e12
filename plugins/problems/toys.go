package problems

import "noisebench/protocol"

// The toy problems of Balles 2021, chapter 7, are linear models on 1000 examples that the authors'
// code draws from NumPy's generator with seed 0 (Kunstner, Hennig and Balles 2019). The draws here
// are the same.

// toyDef completes the definition of a toy problem. Where runs start may depend on the setting.
func toyDef(def protocol.ProblemDef, f family, rows func(protocol.Setting) [][]float64, bias bool,
	begin func(protocol.Setting) []float64,
) protocol.ProblemDef {
	def.Version = "1"
	def.Parameters = append(def.Parameters, likelyParameter())
	def.Doc += `
The metric is the loss on all examples, without regulariser. The default is 100 steps on all examples at once.`
	def.Spec = func(s protocol.Setting) (protocol.ProblemSpec, error) {
		return linearSpec(newDesign(f, rows(s), bias), nil), nil
	}
	def.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
		t := newDesign(f, rows(s), bias)
		return openLinear(linearSpec(t, nil), t, f.labelled(s), begin(s)), nil
	}
	return def
}

func atZero(protocol.Setting) []float64 { return nil }

func examplesParameter() protocol.Hyperparameter {
	return protocol.Count("examples", "number of examples N", 1000, 10)
}
