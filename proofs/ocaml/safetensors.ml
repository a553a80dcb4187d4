(* A reader of safetensors files: eight bytes of length, a JSON header, the tensors. *)

exception Bad of string

let bad format = Printf.ksprintf (fun s -> raise (Bad s)) format

type json = Null | Bool of bool | Number of string | String of string | List of json list | Object of (string * json) list

let depth_most = 64

(* As much JSON as a header needs; escapes beyond ASCII are kept as '?': no name that is read has one. *)
let parse_json (text : string) : json =
  let n = String.length text and at = ref 0 in
  let peek () = if !at < n then text.[!at] else bad "header ends early" in
  let next () = let c = peek () in incr at; c in
  let rec blank () =
    if !at < n then match text.[!at] with ' ' | '\t' | '\n' | '\r' -> incr at; blank () | _ -> () in
  let expect c = let d = next () in if c <> d then bad "header: expected %C, found %C" c d in
  let word w value = String.iter expect w; value in
  let string () =
    expect '"';
    let out = Buffer.create 16 in
    let rec go () = match next () with
      | '"' -> Buffer.contents out
      | '\\' ->
        (match next () with
         | 'n' -> Buffer.add_char out '\n' | 't' -> Buffer.add_char out '\t' | 'r' -> Buffer.add_char out '\r'
         | 'b' -> Buffer.add_char out '\b' | 'f' -> Buffer.add_char out '\012'
         | 'u' ->
           let hex = String.init 4 (fun _ -> next ()) in
           let code = try int_of_string ("0x" ^ hex) with _ -> bad "header: bad escape" in
           Buffer.add_char out (if code < 128 then Char.chr code else '?')
         | ('"' | '\\' | '/') as c -> Buffer.add_char out c
         | c -> bad "header: bad escape %C" c);
        go ()
      | c -> Buffer.add_char out c; go () in
    go () in
  let rec value depth =
    if depth > depth_most then bad "header: nested too deeply";
    blank ();
    let v = match peek () with
      | '{' -> incr at; blank ();
        if peek () = '}' then (incr at; Object []) else
          let rec fields acc =
            blank (); let key = string () in blank (); expect ':';
            let v = value (depth + 1) in
            match next () with
            | ',' -> fields ((key, v) :: acc) | '}' -> Object (List.rev ((key, v) :: acc))
            | c -> bad "header: unexpected %C" c in
          fields []
      | '[' -> incr at; blank ();
        if peek () = ']' then (incr at; List []) else
          let rec items acc =
            let v = value (depth + 1) in
            match next () with
            | ',' -> items (v :: acc) | ']' -> List (List.rev (v :: acc)) | c -> bad "header: unexpected %C" c in
          items []
      | '"' -> String (string ())
      | 't' -> word "true" (Bool true) | 'f' -> word "false" (Bool false) | 'n' -> word "null" Null
      | '-' | '0' .. '9' ->
        let start = !at in
        let digit c = match c with '0' .. '9' | '-' | '+' | '.' | 'e' | 'E' -> true | _ -> false in
        while !at < n && digit text.[!at] do incr at done;
        Number (String.sub text start (!at - start))
      | c -> bad "header: unexpected %C" c in
    blank (); v in
  let v = value 0 in
  if !at <> n then bad "header: something follows it";
  v

type tensor = { dtype : string; shape : int list; start : int; stop : int }
type file = { data : string; base : int; tensors : (string * tensor) list; metadata : (string * string) list }

let size_most = 1 lsl 31

let integer = function
  | Number s -> (match int_of_string_opt s with Some i when i >= 0 -> i | _ -> bad "header: %s is not a size" s)
  | _ -> bad "header: expected a size"

let width = function
  | "F64" | "I64" | "U64" -> 8 | "F32" | "I32" | "U32" -> 4 | "F16" | "BF16" | "I16" | "U16" -> 2
  | "I8" | "U8" | "BOOL" -> 1 | d -> bad "dtype %s is not known" d

let read (path : string) : file =
  let channel = try open_in_bin path with Sys_error m -> bad "%s" m in
  let data =
    Fun.protect ~finally:(fun () -> close_in_noerr channel) (fun () ->
        let size = try in_channel_length channel with Sys_error m -> bad "%s" m in
        if size < 8 || size > size_most then bad "%s: not a safetensors file" path;
        try really_input_string channel size with Sys_error m -> bad "%s" m | End_of_file -> bad "%s: ends early" path) in
  let length = String.get_int64_le data 0 in
  if Int64.compare length 0L < 0 || Int64.compare length (Int64.of_int (String.length data - 8)) > 0 then
    bad "%s: not a safetensors file" path;
  let length = Int64.to_int length in
  let base = 8 + length in
  let fields = match parse_json (String.sub data 8 length) with Object f -> f | _ -> bad "header is not an object" in
  let tensor (name, v) = match v with
    | Object f ->
      let get key = match List.assoc_opt key f with Some v -> v | None -> bad "%s has no %s" name key in
      let dtype = (match get "dtype" with String s -> s | _ -> bad "%s: dtype is not a string" name) in
      let shape = (match get "shape" with List l -> List.map integer l | _ -> bad "%s: bad shape" name) in
      let start, stop =
        (match get "data_offsets" with List [ a; b ] -> (integer a, integer b) | _ -> bad "%s: bad offsets" name) in
      if not (start <= stop && stop <= String.length data - base) then bad "%s: outside the file" name;
      let count = List.fold_left (fun a s ->
          if s <> 0 && a > size_most / s then bad "%s: too large" name else a * s) 1 shape in
      if count * width dtype <> stop - start then bad "%s: shape and size differ" name;
      (name, { dtype; shape; start; stop })
    | _ -> bad "%s is not a tensor" name in
  let metadata = match List.assoc_opt "__metadata__" fields with
    | Some (Object f) -> List.filter_map (fun (k, v) -> match v with String s -> Some (k, s) | _ -> None) f
    | _ -> [] in
  let names = List.map fst fields in
  if List.length (List.sort_uniq compare names) <> List.length names then bad "%s: a name occurs twice" path;
  { data; base; tensors = List.map tensor (List.filter (fun (k, _) -> k <> "__metadata__") fields); metadata }

let find file name = match List.assoc_opt name file.tensors with Some t -> t | None -> bad "tensor %s is missing" name
let has file name = List.mem_assoc name file.tensors

(* The bits of entry [i] as those of a binary32 number; binary16 numbers are binary32 numbers. *)
let float_bits file t i =
  let place = file.base + t.start + (i * width t.dtype) in
  match t.dtype with
  | "F32" -> Int32.to_int (String.get_int32_le file.data place) land 0xFFFFFFFF
  | "F16" ->
    let h = String.get_uint16_le file.data place in
    let sign = (h lsr 15) lsl 31 and e = (h lsr 10) land 31 and f = h land 1023 in
    if e = 31 then sign lor 0x7F800000 lor (f lsl 13)
    else if e > 0 then sign lor ((e + 112) lsl 23) lor (f lsl 13)
    else if f = 0 then sign
    else begin
      let e = ref 113 and f = ref f in
      while !f land 1024 = 0 do f := !f lsl 1; decr e done;
      sign lor (!e lsl 23) lor ((!f land 1023) lsl 13)
    end
  | d -> bad "dtype %s: this checker reads F32 and F16 weights" d

let int_at file t i =
  let place = file.base + t.start + (i * width t.dtype) in
  let v = match t.dtype with
    | "I64" | "U64" -> String.get_int64_le file.data place
    | "I32" -> Int64.of_int32 (String.get_int32_le file.data place)
    | "U32" -> Int64.of_int (Int32.to_int (String.get_int32_le file.data place) land 0xFFFFFFFF)
    | "I16" -> Int64.of_int (String.get_int16_le file.data place)
    | "U16" -> Int64.of_int (String.get_uint16_le file.data place)
    | "I8" -> Int64.of_int (String.get_int8 file.data place)
    | "U8" -> Int64.of_int (String.get_uint8 file.data place)
    | d -> bad "dtype %s: expected integers" d in
  if Int64.compare v 0L < 0 || Int64.compare v 0x3FFFFFFFL > 0 then bad "an integer lies outside 0 to 2^30-1";
  Int64.to_int v

let float_at file t i =
  match t.dtype with
  | "F64" -> Int64.float_of_bits (String.get_int64_le file.data (file.base + t.start + (i * 8)))
  | _ -> Int32.float_of_bits (Int32.of_int (float_bits file t i))

let vector get file name =
  let t = find file name in
  match t.shape with [ n ] -> List.init n (get file t) | _ -> bad "%s is not a vector" name

let matrix get file name =
  let t = find file name in
  match t.shape with
  | [ rows; columns ] -> List.init rows (fun i -> List.init columns (fun j -> get file t ((i * columns) + j)))
  | _ -> bad "%s is not a matrix" name
