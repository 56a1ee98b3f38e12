package problems

import (
	"math"
	"slices"
	"testing"

	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

// Loss and accuracy agree with a dense computation on the pixels themselves.
func TestSoftmaxAgainstDense(t *testing.T) {
	images, err := data.ReadDigits()
	if err != nil {
		t.Fatal(err)
	}
	p, spec := open(t, digitsDef(), nil)
	set, err := loadDigits()
	if err != nil {
		t.Fatal(err)
	}
	x := randomPoint(p, spec, 1)
	for part, numbers := range map[protocol.Part][]int{
		protocol.TrainPart: set.train, protocol.ValidationPart: set.validation, protocol.TestPart: set.test,
	} {
		loss, right := 0.0, 0.0
		for _, n := range numbers {
			var z [classes]float64
			total := 0.0
			for c := range z {
				z[c] = x[64*classes+c]
				for i, level := range images.Image(n) {
					z[c] += x[i*classes+c] * float64(level) / 16
				}
				total += math.Exp(z[c])
			}
			y := images.Labels[n]
			loss += math.Log(total) - z[y]
			if z[y] == slices.Max(z[:]) {
				right++
			}
		}
		e, size := evaluate(t, p, x, part), float64(len(numbers))
		near(t, "loss on the "+string(part)+" part", e.Loss, loss/size, 1e-13)
		near(t, "accuracy on the "+string(part)+" part", e.Metric, right/size, 1e-15)
	}
}

// The parts do not overlap and cover all images that they are cut from; numbers of examples stay
// within their part.
func TestSoftmaxSplits(t *testing.T) {
	for _, def := range []protocol.ProblemDef{digitsDef(), mnistDef(), fashionDef()} {
		t.Run(def.Name, func(t *testing.T) {
			p, spec := open(t, def, nil)
			set := p.(*opened[float64]).f.(*softmax).imageSet
			all := slices.Concat(set.train, set.validation, set.test)
			slices.Sort(all)
			for n, got := range all {
				if got != n {
					t.Fatalf("image %d is in no part or in two", n)
				}
			}
			if len(all) != len(set.label) {
				t.Errorf("the parts have %d images, want %d", len(all), len(set.label))
			}
			if len(set.train) != spec.Train || len(set.validation) != spec.Validation || len(set.test) != spec.Test {
				t.Errorf("the parts have %d, %d and %d images, want %d, %d and %d",
					len(set.train), len(set.validation), len(set.test), spec.Train, spec.Validation, spec.Test)
			}
		})
	}
}

// Scores far apart neither overflow nor lose accuracy.
func TestResidual(t *testing.T) {
	const e40 = 4.248354255291588995e-18 // exp(−40)
	for _, c := range []struct {
		z          [classes]float64
		y          uint8
		loss, d, o float64 // loss, d_y, and d of class 0
	}{
		{[classes]float64{40}, 0, 9 * e40, -9 * e40, -9 * e40},
		{[classes]float64{40}, 1, 40 + 9*e40, -1, 1},
		{[classes]float64{1e4, -1e4}, 1, 2e4, -1, 1},
		{[classes]float64{-1e4}, 1, math.Log(9), -8. / 9, 0},
	} {
		z := c.z
		loss := residual(&z, c.y)
		near(t, "loss", loss, c.loss, 4e-16*c.loss)
		near(t, "d_y", z[c.y], c.d, -4e-16*c.d)
		near(t, "d of class 0", z[0], c.o, 4e-16*math.Abs(c.o))
	}
	z := [classes]float64{3: math.NaN()}
	if loss := residual(&z, 1); !math.IsNaN(loss) {
		t.Errorf("the loss at a score of NaN is %g", loss)
	}
}

// A point that is not finite classifies nothing correctly.
func TestSoftmaxDiverged(t *testing.T) {
	p, spec := open(t, digitsDef(), nil)
	x := make([]float64, spec.Dim)
	for j := range x {
		x[j] = math.Inf(1)
	}
	e := evaluate(t, p, x, protocol.TestPart)
	if !math.IsNaN(e.Loss) || e.Metric != 0 {
		t.Errorf("loss is %g and accuracy %g, want NaN and 0", e.Loss, e.Metric)
	}
}

// The split never changes. Do not change these numbers.
func TestSplitPinned(t *testing.T) {
	set, err := loadDigits()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := set.train[:4], []int{1163, 477, 1664, 63}; !slices.Equal(got, want) {
		t.Errorf("the first training examples are the images %v, want %v", got, want)
	}
}
