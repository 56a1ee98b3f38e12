package protocol

import (
	"strings"
	"testing"
)

// A specification with an inconsistent block is refused, with the names of the block and the field.
func TestBlockCheck(t *testing.T) {
	for _, c := range []struct {
		block Block
		want  string // "" where it is right
	}{
		{Block{Len: 6}, ""},
		{Block{Len: 6, Shape: []int{6}}, ""},
		{Block{Len: 6, Shape: []int{2, 3}}, ""},
		{Block{Len: 24, Shape: []int{2, 3, 4}, Output: 2, Role: Weight}, ""},
		{Block{Len: 6, Shape: []int{2, 2}}, "has shape [2 2], want numbers whose product is its length 6"},
		{Block{Len: 6, Shape: []int{2, 4}}, "has shape [2 4], want positive numbers whose product is its length 6"},
		{Block{Len: 6, Shape: []int{0, 6}}, "has shape [0 6], want positive numbers whose product is its length 6"},
		{Block{Len: 6, Shape: []int{-2, -3}}, "has shape [-2 -3], want positive numbers"},
		{Block{Len: 6, Shape: []int{1 << 62, 1 << 62, 6}}, "want positive numbers"},
		{Block{Len: 24, Shape: []int{2, 3, 4}, Output: 1}, "has output axis 1, want 0 or the last"},
		{Block{Len: 6, Output: 1}, "has output axis 1, want 0 or the last"},
		{Block{Len: 6, Role: "kernel"}, `has role "kernel", want weight, bias, scale, embedding or output`},
	} {
		c.block.Name = "conv1/weights"
		spec := ProblemSpec{
			Dim: c.block.Len, DType: Float32, Measures: Gradient, Metric: Metric{Name: "loss"}, BatchSize: 1, Budget: 1,
			Blocks: []Block{c.block},
		}
		switch err := spec.Check(); {
		case c.want == "" && err != nil:
			t.Errorf("%+v: %v", c.block, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), `block "conv1/weights" `) ||
			!strings.Contains(err.Error(), c.want)):
			t.Errorf("%+v: got %v, want %q", c.block, err, c.want)
		}
	}
}

func TestBlockMatrix(t *testing.T) {
	type view struct {
		rows, cols   int
		outputsFirst bool
		ok           bool
	}
	for _, c := range []struct {
		block Block
		want  view
	}{
		{Block{Len: 6}, view{}},
		{Block{Len: 6, Shape: []int{6}}, view{}},
		{Block{Len: 6, Shape: []int{2, 3}}, view{2, 3, true, true}},
		{Block{Len: 6, Shape: []int{2, 3}, Output: 1}, view{2, 3, false, true}},
		{Block{Len: 24, Shape: []int{2, 3, 4}}, view{2, 12, true, true}},
		{Block{Len: 24, Shape: []int{2, 3, 4}, Output: 2}, view{6, 4, false, true}},
	} {
		rows, cols, first, ok := c.block.Matrix()
		if got := (view{rows, cols, first, ok}); got != c.want {
			t.Errorf("%+v: got %+v, want %+v", c.block, got, c.want)
		}
	}
}
