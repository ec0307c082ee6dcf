"""HTTP. One router a page; plain ``def`` routes that call one verb or one query and draw one template."""
