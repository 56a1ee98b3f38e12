package protocoltest

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"noisebench/protocol"
)

// checkSettings opens the optimizer at settings that its declarations allow. Values on a grid must
// be accepted. New may reject the least or the greatest value, which may be incompatible with the
// other defaults, but an accepted value must not fail later.
func (s *optimizerSuite[T]) checkSettings(f *findings) {
	for _, h := range s.def.Hyperparameters {
		for _, v := range append(slices.Clone(h.Grid), h.Min, h.Max) {
			if h.Check(v) != nil {
				continue
			}
			begin := s.startOf(dimension, 1)
			begin.Setting = maps.Clone(begin.Setting)
			begin.Setting[h.Name] = v
			var found findings
			s.play(&found, begin, course[T]{})
			for _, err := range found.errs {
				if slices.Contains(h.Grid, v) || errors.Is(err, errPanicked) {
					f.add(err)
				}
			}
		}
	}
}

// checkStarts opens the optimizer on different kinds of problem.
func (s *optimizerSuite[T]) checkStarts(f *findings) {
	plain := s.startOf(dimension, 1)
	bare := s.startOf(1, 1)
	bare.Blocks, bare.Constants = nil, nil
	brief := plain
	brief.Budget = 3*int64(plain.BatchSize) + 1
	single := plain
	single.BatchSize = s.def.Needs.MinBatch()
	for _, c := range []struct {
		name  string
		begin protocol.Start
	}{
		{"a problem of one coordinate, without blocks and constants", bare},
		{"a budget of 25 examples", brief},
		{"the least batch size", single},
	} {
		t := s.play(f, c.begin, course[T]{})
		if t != nil && t.lost() >= 0 {
			f.addf("x is not finite after step %d at %s on %s", t.lost(), s.setting, c.name)
		}
	}
	endless := plain
	endless.Train = 0
	if t := s.play(&findings{}, endless, course[T]{}); t != nil && t.lost() >= 0 {
		f.addf("x is not finite after step %d at %s on endless data", t.lost(), s.setting)
	}
}

// checkBlocks opens the optimizer on matrices of many shapes, with one block of every role and a
// vector in each run, and on a point without blocks. New must accept all of them.
func (s *optimizerSuite[T]) checkBlocks(f *findings) {
	run := func(name string, d int, blocks []protocol.Block) {
		begin := s.startOf(d, 1)
		begin.Blocks = blocks
		begin.Budget = blockSteps * int64(begin.BatchSize)
		t := s.play(f, begin, course[T]{on: name})
		if t != nil && t.lost() >= 0 {
			f.addf("x is not finite after step %d at %s on %s", t.lost(), s.setting, name)
		}
	}
	run("a point without blocks", dimension, nil)
	for _, shape := range [][]int{{1, 1}, {1, 9}, {9, 1}, {7, 3}, {3, 7}, {3, 2, 2, 4}, {64, 64}} {
		if s.def.Needs&protocol.Matrices != 0 && slices.Max(shape) > 9 {
			continue // a matrix would have too many elements
		}
		for _, output := range []int{0, len(shape) - 1} {
			d, blocks := everyRole(shape, output)
			run(fmt.Sprintf("blocks of shape %v with output axis %d", shape, output), d, blocks)
		}
	}
}

// everyRole returns a block of the shape for each role and for none, and a bias vector; d is their
// total length.
func everyRole(shape []int, output int) (d int, blocks []protocol.Block) {
	size := 1
	for _, n := range shape {
		size *= n
	}
	roles := []protocol.Role{
		"", protocol.Weight, protocol.Bias, protocol.Scale, protocol.Embedding,
		protocol.OutputLayer,
	}
	for _, role := range roles {
		blocks = append(blocks, protocol.Block{
			Name: "the " + string(role) + " block", Offset: d, Len: size,
			Shape: slices.Clone(shape), Output: output, Role: role,
		})
		d += size
	}
	return d + 3, append(blocks, protocol.Block{
		Name: "vector", Offset: d, Len: 3,
		Role: protocol.Bias,
	})
}
