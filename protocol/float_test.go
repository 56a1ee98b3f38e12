package protocol_test

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"

	"noisebench/protocol"
)

func TestNumberRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		b, err := json.Marshal(map[string]protocol.Number{"n": protocol.Number(want)})
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]protocol.Number
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		n := float64(got["n"])
		if math.IsNaN(want) != math.IsNaN(n) || !math.IsNaN(want) && math.Float64bits(n) != math.Float64bits(want) {
			t.Fatalf("%x became %s and then %x", want, b, n)
		}
	})
}

func TestNumberText(t *testing.T) {
	for want, v := range map[string]float64{
		`"NaN"`: math.NaN(), `"+Inf"`: math.Inf(1), `"-Inf"`: math.Inf(-1),
		`0.1`: 0.1, `-0`: math.Copysign(0, -1), `1e+300`: 1e300,
	} {
		if got, err := json.Marshal(protocol.Number(v)); err != nil || string(got) != want {
			t.Errorf("%g is written as %s (%v), want %s", v, got, err, want)
		}
	}
	for _, text := range []string{`"Inf"`, `"1"`, `""`, `true`, `{}`, `1e999`} {
		var n protocol.Number
		if err := json.Unmarshal([]byte(text), &n); err == nil {
			t.Errorf("%s is read as %g, want an error", text, float64(n))
		}
	}
}

func TestDType(t *testing.T) {
	if protocol.DTypeOf[float32]() != protocol.Float32 || protocol.DTypeOf[float64]() != protocol.Float64 {
		t.Errorf("dtypes are %s and %s", protocol.DTypeOf[float32](), protocol.DTypeOf[float64]())
	}
	if protocol.Float32.Size() != 4 || protocol.Float64.Size() != 8 {
		t.Errorf("sizes are %d and %d bytes, want 4 and 8", protocol.Float32.Size(), protocol.Float64.Size())
	}
	for v, want := range map[float64]bool{0: true, math.MaxFloat64: true, math.Inf(1): false, math.Inf(-1): false} {
		if protocol.Finite(v) != want {
			t.Errorf("Finite(%g) is %t", v, !want)
		}
	}
	if protocol.Finite(math.NaN()) {
		t.Error("NaN is finite")
	}
}

func TestQuantity(t *testing.T) {
	for _, c := range []struct {
		q    protocol.Quantity
		text string
		min  int
		ok   bool
	}{
		{0, "loss", 1, true},
		{protocol.Gradient, "gradient", 1, true},
		{protocol.Gradient | protocol.VarianceNorm, "gradient+variance-norm", 2, true},
		{protocol.Variance, "variance", 2, true},
		{protocol.Covariance | protocol.Oracle, "covariance+oracle", 2, true},
		{
			protocol.Fisher | protocol.EmpiricalFisher | protocol.SampledFisher | protocol.Hessian | protocol.GaussNewton,
			"fisher+empirical-fisher+sampled-fisher+hessian+gauss-newton", 1, true,
		},
		{protocol.Gradient | 1<<20, "gradient+unknown", 1, false},
	} {
		if c.q.String() != c.text || c.q.MinBatch() != c.min || c.q.Valid() != c.ok {
			t.Errorf("quantity %d is %q with least batch %d and valid %t, want %q, %d and %t", uint32(c.q), c.q, c.q.MinBatch(),
				c.q.Valid(), c.text, c.min, c.ok)
		}
	}
	both := protocol.Gradient | protocol.Variance
	if !both.Has(protocol.Gradient) || !both.Has(0) || protocol.Gradient.Has(both) {
		t.Error("Has is not the subset relation")
	}
	for d, want := range map[protocol.Draw]string{
		protocol.New: "new", protocol.Again: "again", protocol.All: "all", 3: "unknown",
	} {
		if d.String() != want {
			t.Errorf("draw %d is %q, want %q", d, d, want)
		}
	}
}
