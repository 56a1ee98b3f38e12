package reproduce

import (
	"math"
	"strings"

	"noisebench/results"
)

// sides are, seed by seed, the means of the methods that use signs (Adam, M-SSD) and of those that
// do not (M-SGD, M-SVAG), and the larger of the distances within the two sides.
func sides(
	in *Input, problem string, value func(*results.Record) float64,
) (sign, plain, within []float64) {
	for i := range in.Done {
		d := &in.Done[i]
		a, s := paired(d.Cell(problem, adam), d.Cell(problem, mSSD), value)
		g, v := paired(d.Cell(problem, mSGD), d.Cell(problem, mSVAG), value)
		if len(a) == 0 || len(a) != len(g) {
			continue
		}
		for k := range a {
			sign, plain = append(sign, (a[k]+s[k])/2), append(plain, (g[k]+v[k])/2)
			within = append(within, max(math.Abs(a[k]-s[k]), math.Abs(g[k]-v[k])))
		}
	}
	return sign, plain, within
}

// clusters judges that the two sides are two clusters: they are further apart than the members of
// either.
func clusters(in *Input, problem string) []Finding {
	sign, plain, within := sides(in, problem, trainLoss)
	if len(sign) == 0 {
		return nil
	}
	between := make([]float64, len(sign))
	for k := range sign {
		between[k] = math.Abs(sign[k] - plain[k])
	}
	return []Finding{better("S-01", "methods that use signs (Adam, M-SSD) and methods that do not "+
		"(M-SGD, M-SVAG) form two clusters",
		strings.ToUpper(problem)+
			", training loss at the end, distance between the clusters less the distance within",
		between, within, true)}
}

// signsLower judges that the methods that use signs have the lower value; with reverse, that the
// others have it.
func signsLower(
	in *Input, claim, text, problem, what string, value func(*results.Record) float64, reverse bool,
) []Finding {
	sign, plain, _ := sides(in, problem, value)
	if len(sign) == 0 {
		return nil
	}
	if reverse {
		sign, plain = plain, sign
	}
	return []Finding{better(claim, text, strings.ToUpper(problem)+", "+what, sign, plain, false)}
}
