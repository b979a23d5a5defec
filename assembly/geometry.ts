// The sizes of a convolution or pooling, as its kernels read them: a record that the caller checks and fills once per
// operation. No kernel writes to it.

@unmanaged
export class Geometry {
  batch: i32;
  inHeight: i32;
  inWidth: i32;
  inChannels: i32;
  outHeight: i32;
  outWidth: i32;
  outChannels: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  padTop: i32;
  padBottom: i32;
  padLeft: i32;
  padRight: i32;
  groups: i32;
}
