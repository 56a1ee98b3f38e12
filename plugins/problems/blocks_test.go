package problems

import (
	"math"
	"slices"
	"testing"

	"noisebench/protocol"
)

// Networks and models have a role in every block. A network's blocks have shapes, and its last
// weights are the output layer's.
func TestBlocks(t *testing.T) {
	for _, def := range All() {
		_, spec, err := def.At(nil)
		if err != nil {
			t.Fatalf("%s: %v", def.Name, err)
		}
		if spec.Measures.Has(protocol.SampledGradient) != (len(spec.Blocks) > 0) && def.Name != "wilson-least-squares" {
			t.Errorf("%s is a model: %t, and has %d blocks", def.Name, spec.Measures.Has(protocol.SampledGradient), len(spec.Blocks))
		}
		outputs, last := 0, protocol.Role("")
		for _, b := range spec.Blocks {
			if b.Role == "" {
				t.Errorf("%s: block %s has no role", def.Name, b.Name)
			}
			if def.New32 != nil && b.Shape == nil {
				t.Errorf("%s: block %s has no shape", def.Name, b.Name)
			}
			_, _, _, matrix := b.Matrix()
			if slices.Contains([]protocol.Role{protocol.Weight, protocol.Embedding}, b.Role) != matrix && b.Role != protocol.OutputLayer {
				t.Errorf("%s: block %s is a %s of shape %v", def.Name, b.Name, b.Role, b.Shape)
			}
			if b.Role == protocol.OutputLayer {
				outputs++
			}
			if b.Role != protocol.Bias && b.Role != protocol.Scale {
				last = b.Role
			}
		}
		if len(spec.Blocks) > 0 && (outputs != 1 || last != protocol.OutputLayer) {
			t.Errorf("%s has %d output layers, and its last weights are %q; want one, the last", def.Name, outputs, last)
		}
	}
}

// The weights of a softmax regression are pixels × classes: moving those of one class moves its
// score alone, and those of one pixel nothing where that is black.
func TestSoftmaxShape(t *testing.T) {
	p, spec := open(t, digitsDef(), nil)
	f := p.(*opened[float64]).f.(*softmax)
	w := spec.Blocks[0]
	rows, cols, outputsFirst, ok := w.Matrix()
	if !ok || outputsFirst || rows != f.pixels || cols != classes {
		t.Fatalf("weights are a matrix %t of %d × %d with outputs first %t, want %d × %d with outputs last", ok, rows, cols, outputsFirst,
			f.pixels, classes)
	}
	x := randomPoint(p, spec, 1)
	const image = 3
	before := f.scores(x, image)
	black := map[int]bool{}
	for pixel := range rows {
		black[pixel] = true
	}
	for _, at := range f.at[f.first[image]:f.first[image+1]] {
		black[int(at)] = false
	}
	for c := range cols {
		moved := slices.Clone(x)
		for pixel := range rows {
			moved[w.Offset+pixel*cols+c]++
		}
		for k, z := range f.scores(moved, image) {
			if (z != before[k]) != (k == c) {
				t.Errorf("moving the weights of class %d moves the score of class %d by %g", c, k, z-before[k])
			}
		}
		moved = slices.Clone(x)
		moved[spec.Blocks[1].Offset+c]++
		for k, z := range f.scores(moved, image) {
			if math.Abs(z-before[k]) > 0.5 != (k == c) {
				t.Errorf("moving the bias of class %d moves the score of class %d by %g", c, k, z-before[k])
			}
		}
	}
	for pixel := range rows {
		moved := slices.Clone(x)
		for c := range cols {
			moved[w.Offset+pixel*cols+c]++
		}
		if (f.scores(moved, image) == before) != black[pixel] {
			t.Errorf("the weights of pixel %d move scores, and it is black: %t", pixel, black[pixel])
		}
	}
}
