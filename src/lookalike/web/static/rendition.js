// An <img> and a picture's addresses → the thumbnail at once, then what is sharp at its size.

const ENOUGH = 1.05; // how far an image may be enlarged before one with more pixels is wanted

export function renditionsIn(image) {
  let whole = null;
  let wanted = null;

  // The one before stays until this one has arrived. Whether it has, and is still wanted.
  async function bring(address) {
    wanted = address;
    const made = new Image();
    made.src = address;
    await made.decode();
    if (wanted !== address) return false;
    image.src = address;
    return true;
  }

  return {
    begin(address) {
      [whole, wanted] = [null, address];
      image.src = address;
    },
    // Rejects where it cannot be shown.
    async enlarge(details) {
      whole = details.whole === details.large ? null : details.whole;
      return bring(details.large);
    },
    // For an image that takes so many pixels of the screen: all that the picture has, if it lacks
    // them. Where that cannot be shown, the one that is there has to do.
    async sharpen(pixels) {
      if (!whole || pixels <= image.naturalWidth * ENOUGH) return;
      const address = whole;
      whole = null;
      try {
        await bring(address);
      } catch (error) {
        console.info("The picture stays as sharp as it is:", error);
      }
    },
    end() {
      [whole, wanted] = [null, null];
      image.removeAttribute("src");
    },
  };
}
