package problems

import (
	"fmt"

	"noisebench/plugins/problems/internal/nn"
)

// cost is the number of parameters of a network and the cost of one example.
type cost struct {
	parameters int
	nn.Cost
}

func (c cost) String() string {
	return fmt.Sprintf("It has %d parameters. "+
		"One example costs %.4g MFLOP (matrix products, forward and backward) and\n"+
		"%.3g MB (what is kept of it on the way forward and passed on the way back).",
		c.parameters, float64(c.FLOPs)/1e6, float64(c.Bytes)/1e6)
}

func (n network) cost() cost {
	net := n.build()
	return cost{net.Dim(), net.Cost()}
}
