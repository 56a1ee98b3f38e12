package problems

import (
	"math"
	"slices"

	"noisebench/protocol"
)

// purposeLabelNoise names the stream that wrong labels are drawn from.
const purposeLabelNoise = "label-noise"

func labelNoiseParameter() protocol.Hyperparameter {
	return protocol.Hyperparameter{
		Name: "label_noise",
		Doc: "fraction of the training labels that are replaced, each by one of the other classes, all " +
			"equally likely; the same in every run. Validation and test labels stay",
		Max: 1, Later: true,
	}
}

// labelShifts says by how many classes, modulo their number, the label of each of n training
// examples is moved: round(noise n) of them by 1 to classes−1, uniformly, and the others by 0.
// Which ones, and how far, is fixed by the split's seed; with more noise, the wrong labels of less
// noise are among them. Without noise it is nil.
func labelShifts(noise float64, n, classes int) []int {
	count := int(math.Round(noise * float64(n)))
	if count == 0 {
		return nil
	}
	random := protocol.Stream(splitSeed, purposeLabelNoise)
	shifts := make([]int, n)
	for _, i := range random.Perm(n)[:count] {
		shifts[i] = 1 + random.IntN(classes-1)
	}
	return shifts
}

// noisy is the set with wrong labels on a fraction of its training examples.
func (s *imageSet) noisy(noise float64) *imageSet {
	shifts := labelShifts(noise, len(s.train), classes)
	if shifts == nil {
		return s
	}
	changed := *s
	changed.label = slices.Clone(s.label)
	for i, n := range s.train {
		changed.label[n] = uint8((int(s.label[n]) + shifts[i]) % classes)
	}
	return &changed
}

// noisy is the part with wrong labels on a fraction of its examples.
func (p breastCancerPart) noisy(noise float64) breastCancerPart {
	shifts := labelShifts(noise, len(p.t), 2)
	if shifts == nil {
		return p
	}
	p.t = slices.Clone(p.t)
	for i, shift := range shifts {
		if shift > 0 {
			p.t[i] = -p.t[i]
		}
	}
	return p
}
