(* Machine integers of 63 bits: on a 64-bit machine these are OCaml's own, read without a sign. *)

type t = int

let () = assert (Sys.int_size = 63)
let of_int (i : int) : t = i
let add (a : t) (b : t) : t = a + b
let sub (a : t) (b : t) : t = a - b
let mul (a : t) (b : t) : t = a * b
let equal (a : t) (b : t) : bool = a = b

(* Flipping the top bit turns the signed order into the unsigned one. *)
let lt (a : t) (b : t) : bool = a lxor min_int < b lxor min_int
let le (a : t) (b : t) : bool = a lxor min_int <= b lxor min_int
let l_and (a : t) (b : t) : t = a land b
let l_or (a : t) (b : t) : t = a lor b
let l_sl (a : t) (k : t) : t = if 0 <= k && k < 63 then a lsl k else 0
let l_sr (a : t) (k : t) : t = if 0 <= k && k < 63 then a lsr k else 0

(* Halving makes room for a sign. *)
let div (a : t) (b : t) : t =
  if b = 0 then 0
  else if b < 0 then (if le b a then 1 else 0)
  else if a >= 0 then a / b
  else
    let q = ((a lsr 1) / b) * 2 in
    if le b (a - (q * b)) then q + 1 else q
