/** MNIST as the test server has it. */
export function loadMnist({ readIdxDataset }) {
  return readIdxDataset({
    images: "/mnist/train-images-idx3-ubyte",
    labels: "/mnist/train-labels-idx1-ubyte",
    classes: 10,
  });
}
