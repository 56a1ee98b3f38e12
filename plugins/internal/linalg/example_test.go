package linalg_test

import (
	"fmt"

	"noisebench/plugins/internal/linalg"
)

// A transpose is a view: Multiply takes matrices stored either way.
func ExampleMultiplier_Multiply() {
	a := linalg.Matrix[float64]{Rows: 2, Cols: 3, Data: []float64{1, 2, 3, 4, 5, 6}}
	product := linalg.New[float64](2, 2)
	var m linalg.Multiplier[float64]
	m.Multiply(product, a, a.T())
	fmt.Println(product.Data)
	// Output:
	// [14 32 32 77]
}

// Gram writes AᵀA.
func ExampleMultiplier_Gram() {
	a := linalg.Matrix[float32]{Rows: 3, Cols: 2, Data: []float32{1, 0, 2, 1, 0, 3}}
	gram := linalg.New[float32](2, 2)
	var m linalg.Multiplier[float32]
	m.Gram(gram, a)
	fmt.Println(gram.Data)
	// Output:
	// [5 2 2 10]
}
