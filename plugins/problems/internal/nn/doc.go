// Package nn computes neural networks.
package nn
