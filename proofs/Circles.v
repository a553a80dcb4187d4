(** Lemma 11 (walks), Lemma 12 (parabola) and Theorem 9 (circles) over the real numbers, as the Python checker takes them: readings,
    waves and lengths are any, errors are any upper bounds.  Sums go over neurons 0 .. m-1, over circles, and over the coordinates
    of a circle's plane, of which there are [d], two. *)
From Coq Require Import Reals Lra Lia Arith Bool List.
From Rhoset Require Import RealSums.
Open Scope R_scope.

Definition below (v w : R) : bool := if Rlt_dec v w then true else false.

(** relu(l + r) by which of the two is above the other's opposite. *)
Lemma relu_parts v w : relu (v + w) = only (below (- w) v) w + only (below (- v) w) v.
Proof. unfold relu, Rmax, only, below. destruct (Rle_dec 0 (v + w)), (Rlt_dec (- w) v), (Rlt_dec (- v) w); lra. Qed.

(** ** Lemma 11 (walks) *)
Section Walks.
  Variables (m : nat) (l r l' r' : nat -> nat -> R) (lerr rerr : nat -> R) (W : nat -> R).  (* x, i; y, i; read nearly; i *)
  Hypothesis l_near : forall x i, (i < m)%nat -> Rabs (l x i - l' x i) <= lerr i.
  Hypothesis r_near : forall y i, (i < m)%nat -> Rabs (r y i - r' y i) <= rerr i.
  Definition by_right (x y : nat) : R := sum m (fun i => only (below (- r' y i) (l' x i)) (W i * r' y i)).
  Definition by_left (x y : nat) : R := sum m (fun i => only (below (- l' x i) (r' y i)) (W i * l' x i)).

  Lemma walks x y : sum m (fun i => W i * relu (l' x i + r' y i)) = by_right x y + by_left x y.
  Proof. unfold by_right, by_left. rewrite <- sum_plus. apply sum_ext. intros i _. rewrite relu_parts, !times_only. ring. Qed.

  Lemma walks_near x y :
    Rabs (sum m (fun i => W i * relu (l x i + r y i)) - (by_right x y + by_left x y)) <= sum m (fun i => Rabs (W i) * (lerr i + rerr i)).
  Proof.
    rewrite <- walks, <- sum_minus. eapply Rle_trans; [apply sum_abs|]. apply sum_le. intros i Hi.
    rewrite <- Rmult_minus_distr_l, Rabs_mult. apply Rmult_le_compat_l; [apply Rabs_pos|].
    eapply Rle_trans; [apply relu_near|]. replace (_ - _) with ((l x i - l' x i) + (r y i - r' y i)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. specialize (l_near x i Hi). specialize (r_near y i Hi). lra.
  Qed.

  (** Along an order of x the first sum changes by the terms whose comparison changes; along one of y so does the second. *)
  Definition change (before after : bool) (v : R) : R := if xorb before after then if after then v else - v else 0.
  Definition come_and_go x x' y : R := sum m (fun i => change (below (- r' y i) (l' x i)) (below (- r' y i) (l' x' i)) (W i * r' y i)).
  Definition go_and_come x y y' : R := sum m (fun i => change (below (- l' x i) (r' y i)) (below (- l' x i) (r' y' i)) (W i * l' x i)).

  Lemma change_is p q v : only q v = only p v + change p q v.
  Proof. unfold change. destruct p, q; simpl; ring. Qed.

  Lemma walk_x (order : nat -> nat) y t : by_right (order t) y = by_right (order O) y + sum t (fun k => come_and_go (order k) (order (S k)) y).
  Proof.
    induction t as [|t IH]; simpl; [ring|]. rewrite <- Rplus_assoc, <- IH. unfold by_right, come_and_go. rewrite <- sum_plus.
    apply sum_ext. intros i _. apply change_is.
  Qed.

  Lemma walk_y (order : nat -> nat) x t : by_left x (order t) = by_left x (order O) + sum t (fun k => go_and_come x (order k) (order (S k))).
  Proof.
    induction t as [|t IH]; simpl; [ring|]. rewrite <- Rplus_assoc, <- IH. unfold by_left, go_and_come. rewrite <- sum_plus.
    apply sum_ext. intros i _. apply change_is.
  Qed.
End Walks.

(** ** Lemma 12 (parabola) *)
Lemma relu_parabola V kappa t : 0 < V -> / 4 <= kappa <= / 2 -> Rabs t <= V ->
  Rabs (relu t - (V / (32 * kappa) + t / 2 + kappa / V * (t * t))) <= V / (32 * kappa).
Proof.
  intros HV [K1 K2] Ht. set (T := Rabs t) in *. assert (T0 : 0 <= T) by apply Rabs_pos.
  assert (E : relu t - t / 2 - kappa / V * (t * t) = T / 2 - kappa / V * (T * T)).
  { unfold T, relu, Rmax, Rabs. destruct (Rle_dec 0 t), (Rcase_abs t); try lra; field; lra. }
  set (c := kappa / V) in *. assert (c0 : 0 < c) by (apply Rdiv_lt_0_compat; lra).
  assert (cV : c * V = kappa) by (unfold c; field; lra).
  assert (Ec : V / (32 * kappa) = / (32 * c)) by (unfold c; field; lra).
  assert (Low : 0 <= T / 2 - c * (T * T)).
  { assert (c * T <= / 2) by (apply Rle_trans with (c * V); [apply Rmult_le_compat_l; lra|lra]).
    replace (T / 2 - c * (T * T)) with (T * (/ 2 - c * T)) by field. apply Rmult_le_pos; lra. }
  assert (High : T / 2 - c * (T * T) <= 2 * / (32 * c)).
  { pose proof (Rle_0_sqr (T - / (4 * c))) as Q. unfold Rsqr in Q.
    assert (0 <= c * ((T - / (4 * c)) * (T - / (4 * c)))) as Q' by (apply Rmult_le_pos; lra).
    replace (c * ((T - / (4 * c)) * (T - / (4 * c)))) with (2 * / (32 * c) - (T / 2 - c * (T * T))) in Q' by (field; lra). lra. }
  rewrite Ec. apply Rabs_le. lra.
Qed.

(** ** Lemma 5 (matrices), for vectors: what matrices of elements do to them, and those of products. *)
Section Matrices.
  Variables (n d k : nat) (op : nat -> nat -> nat) (e : nat) (generator : nat -> Prop).
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.
  Hypothesis identity : (e < n)%nat /\ forall x, (x < n)%nat -> op e x = x /\ op x e = x.
  Hypothesis associative : forall x y z, (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> op (op x y) z = op x (op y z).
  Hypothesis generators : forall s, generator s -> (s < n)%nat.
  Definition element (word : list nat) : nat := fold_right op e word.
  Hypothesis words : forall g, (g < n)%nat -> exists word, Forall generator word /\ (length word <= k)%nat /\ element word = g.

  Variables (D rho : nat -> nat -> nat -> R) (tau eps : R).                     (* element, row, column; generator, row, column *)
  Hypothesis errors : 0 <= tau /\ 0 <= eps.
  Definition times (A : nat -> nat -> R) (w : nat -> R) (p : nat) : R := sum d (fun q => A p q * w q).
  Hypothesis at_identity : forall p q, (p < d)%nat -> (q < d)%nat -> D e p q = only (p =? q)%nat 1.
  Hypothesis step : forall s g, generator s -> (g < n)%nat ->
    frobenius d d (fun p q => D (op s g) p q - sum d (fun o => rho s p o * D g o q)) tau.
  Hypothesis nearly_orthogonal : forall s, generator s -> frobenius d d (off_identity d (rho s)) eps.

  Lemma times_minus A v w p : times A (fun q => v q - w q) p = times A v p - times A w p.
  Proof. unfold times. rewrite <- sum_minus. apply sum_ext. intros; ring. Qed.

  Lemma identity_times w p : (p < d)%nat -> times (D e) w p = w p.
  Proof.
    intros Hp. unfold times. rewrite <- (sum_one d p (w p) Hp). apply sum_ext. intros q Hq. rewrite at_identity by assumption.
    destruct (Nat.eqb_spec p q) as [->|_]; simpl; ring.
  Qed.

  Lemma generator_times s w L : generator s -> within d w L -> within d (times (rho s) w) ((1 + eps) * L).
  Proof.
    intros Hs [L0 L2]. pose proof (nearly_isometric d d (rho s) eps w (nearly_orthogonal s Hs)) as I.
    destruct errors as [_ E0]. split; [apply Rmult_le_pos; lra|]. eapply Rle_trans; [exact I|].
    apply Rle_trans with ((1 + eps) * (L * L)); [apply Rmult_le_compat_l; lra|].
    assert (0 <= eps * (1 + eps) * (L * L)) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra|apply Rle_0_sqr]).
    replace ((1 + eps) * L * ((1 + eps) * L)) with ((1 + eps) * (L * L) + eps * (1 + eps) * (L * L)) by ring. lra.
  Qed.

  Definition along_word (word : list nat) (w : nat -> R) : nat -> R := fold_right (fun s => times (rho s)) w word.
  Definition bound (j : nat) : R := INR j * tau * (1 + eps) ^ j.

  Lemma element_in word : Forall generator word -> (element word < n)%nat.
  Proof. destruct identity as [He _]. induction 1 as [|s word Hs _ IH]; simpl; auto. Qed.

  Lemma word_times word h w L : Forall generator word -> (h < n)%nat -> within d w L ->
    within d (fun p => times (D (op (element word) h)) w p - along_word word (times (D h) w) p) (bound (length word) * L).
  Proof.
    intros Hw Hh HL. induction Hw as [|s word Hs Hw IH]; simpl.
    - destruct identity as [_ I]. destruct (I h Hh) as [-> _]. unfold bound. simpl. rewrite !Rmult_0_l.
      apply (within_ext d (fun _ => 0)); [intros; ring|]. split; [lra|]. rewrite Rmult_0_l, sum_zero. lra.
    - pose proof (element_in word Hw) as Hg. pose proof (closed _ _ Hg Hh) as Hgh. rewrite associative by (auto using generators).
      destruct errors as [T0 E0]. set (g := op (element word) h) in *.
      apply within_more with (tau * L + (1 + eps) * (bound (length word) * L)).
      + unfold bound. rewrite S_INR. simpl. destruct HL as [L0 _]. pose proof (pow_R1_Rle (1 + eps) (length word) ltac:(lra)) as Q.
        assert (tau * L * 1 <= tau * L * ((1 + eps) * (1 + eps) ^ length word)); [|lra].
        apply Rmult_le_compat_l; [apply Rmult_le_pos; assumption|]. apply Rle_trans with (1 * (1 + eps) ^ length word); [lra|].
        apply Rmult_le_compat_r; lra.
      + pose proof (within_plus d _ _ _ _ (image_within _ _ _ _ _ _ (step s g Hs Hgh) HL) (generator_times s _ _ Hs IH)) as Sum.
        refine (within_ext d _ _ _ _ Sum). intros p Hp. cbv beta. rewrite times_minus.
        assert (E : sum d (fun q => (D (op s g) p q - sum d (fun o => rho s p o * D g o q)) * w q) =
          times (D (op s g)) w p - times (rho s) (times (D g) w) p); [|rewrite E; ring].
        unfold times. rewrite (sum_ext d _ (fun q => D (op s g) p q * w q - sum d (fun o => rho s p o * (D g o q * w q)))).
        * rewrite sum_minus, sum_swap. f_equal. apply sum_ext. intros o _. apply sum_scale.
        * intros q _. rewrite Rmult_minus_distr_r. f_equal. rewrite Rmult_comm, <- sum_scale. apply sum_ext. intros; ring.
  Qed.

  Lemma bound_grows j : (j <= k)%nat -> bound j <= bound k.
  Proof.
    intros H. destruct errors as [T0 E0]. unfold bound.
    apply Rmult_le_compat; [apply Rmult_le_pos; [apply pos_INR|exact T0]|apply pow_le; lra| |apply Rle_pow; [lra|exact H]].
    apply Rmult_le_compat_r; [exact T0|apply le_INR, H].
  Qed.

  (** Lemma 5 (matrices) *)
  Lemma matrices g h w L Lh : (g < n)%nat -> (h < n)%nat -> within d w L -> within d (times (D h) w) Lh ->
    within d (fun p => times (D (op g h)) w p - times (D g) (times (D h) w) p) (bound k * (L + Lh)).
  Proof.
    intros Hg Hh HL HLh. destruct (words g Hg) as [word [Hw [Hl E]]]. destruct identity as [He I].
    pose proof (word_times word h w L Hw Hh HL) as A. pose proof (word_times word e _ Lh Hw He HLh) as B.
    rewrite E in A, B. destruct (I g Hg) as [_ Eg]. rewrite Eg in B.
    pose proof (bound_grows _ Hl) as Hb.
    destruct HL as [L0 _]. destruct HLh as [Lh0 _].
    apply within_more with (bound (length word) * L + bound (length word) * Lh).
    { rewrite <- Rmult_plus_distr_l. apply Rmult_le_compat_r; lra. }
    assert (B' : within d (fun p => along_word word (times (D h) w) p - times (D g) (times (D h) w) p) (bound (length word) * Lh)).
    { destruct B as [B0 B2]. split; [exact B0|]. eapply Rle_trans; [|exact B2]. right. apply sum_ext. intros p Hp.
      assert (W : along_word word (times (D e) (times (D h) w)) p = along_word word (times (D h) w) p).
      { clear - at_identity Hp. revert p Hp. induction word as [|s word IH]; simpl; intros p Hp; [apply identity_times, Hp|].
        unfold times at 1 4. apply sum_ext. intros q Hq. rewrite IH by exact Hq. reflexivity. }
      rewrite W. ring. }
    refine (within_ext d _ _ _ _ (within_plus d _ _ _ _ A B')). intros; cbv beta; ring.
  Qed.

  (** Where elements bring the point (1, 0, ...): Δ of Theorem 9. *)
  Definition brought (z p : nat) : R := D z p O.
  Lemma brought_on x v reach : (0 < d)%nat -> (x < n)%nat -> (v < n)%nat -> within d (brought v) reach ->
    within d (fun p => brought (op x v) p - sum d (fun q => D x p q * brought v q)) (bound k * (1 + reach)).
  Proof.
    intros Hd Hx Hv H. set (w := fun q => only (O =? q)%nat 1).
    assert (T : forall z p, times (D z) w p = brought z p).
    { intros z p. unfold times, w. rewrite <- (sum_one d O (brought z p) Hd). apply sum_ext. intros q _. unfold brought.
      destruct (Nat.eqb_spec O q) as [<-|_]; simpl; ring. }
    assert (U : within d w 1).
    { split; [lra|]. right. rewrite (sum_ext d _ (fun q => only (O =? q)%nat 1)); [rewrite (sum_one d O 1 Hd); ring|].
      intros q _. unfold w. destruct (O =? q)%nat; simpl; ring. }
    refine (within_ext d _ _ _ _ (matrices x v w 1 reach Hx Hv U (within_ext d _ _ _ (fun p _ => eq_sym (T v p)) H))).
    intros p _. cbv beta. rewrite T. unfold times. f_equal. apply sum_ext. intros q _. rewrite <- T. reflexivity.
  Qed.
End Matrices.

(** ** Theorem 9 (circles) *)
Section Circles.
  Variables (n m circles d : nat) (op : nat -> nat -> nat) (inv : nat -> nat).
  Variables (l r l' r' u : nat -> nat -> R) (lerr rerr : nat -> R).             (* x, i; y, i; i, z *)
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.
  Hypothesis inverse : forall y, (y < n)%nat -> (inv y < n)%nat.
  Hypothesis l_near : forall x i, (x < n)%nat -> (i < m)%nat -> Rabs (l x i - l' x i) <= lerr i.
  Hypothesis r_near : forall y i, (y < n)%nat -> (i < m)%nat -> Rabs (r y i - r' y i) <= rerr i.
  Definition hid (x y i : nat) : R := relu (l x i + r y i).

  (** Believed: where elements are on the circles, how x moves them, what neurons write there; constants. *)
  Variables (F : nat -> nat -> nat -> R) (D : nat -> nat -> nat -> nat -> R) (W : nat -> nat -> nat -> R) (const : nat -> R).
    (* circle, z, coordinate; circle, x, row, column; neuron, circle, coordinate *)
  Variables (defect : R) (reach : nat -> R).
  Hypothesis moved : forall j x v, (j < circles)%nat -> (x < n)%nat -> (v < n)%nat ->
    within d (fun p => F j (op x v) p - sum d (fun q => D j x p q * F j v q)) defect.
  Hypothesis reaches : forall j z, (j < circles)%nat -> (z < n)%nat -> within d (F j z) (reach j).
  Definition on_circles (f g : nat -> nat -> R) : R := sum circles (fun j => sum d (fun p => f j p * g j p)).
  Definition at_ (z j p : nat) : R := F j z p.
  Definition delta (z i : nat) : R := u i z - const i - on_circles (W i) (at_ z).

  (** Lemma 12: activations are a(x) + b(y) + t, and what is left of unembed meets t. *)
  Variables (V : nat -> R) (kappa : R).
  Hypothesis kappa_range : / 4 <= kappa <= / 2.
  Hypothesis V_pos : forall i, (i < m)%nat -> 0 < V i.
  Hypothesis reading_most : forall x y i, (x < n)%nat -> (y < n)%nat -> (i < m)%nat -> Rabs (l' x i + r' y i) <= V i.
  Definition bend (i : nat) : R := kappa / V i.
  Definition eps (i : nat) : R := V i / (32 * kappa).
  Variables (a b : nat -> nat -> R) (serr : nat -> R).                          (* x, i; y, i; what floats a and b are off together *)
  Hypothesis sides : forall x y i, (x < n)%nat -> (y < n)%nat -> (i < m)%nat ->
    Rabs (a x i + b y i - (eps i + l' x i / 2 + bend i * (l' x i * l' x i) + (r' y i / 2 + bend i * (r' y i * r' y i)))) <= serr i.
  Definition t (x y i : nat) : R := hid x y i - a x i - b y i.
  Definition away (i : nat) : R := eps i + lerr i + rerr i + serr i.

  Lemma parabola x y i : (x < n)%nat -> (y < n)%nat -> (i < m)%nat -> Rabs (t x y i - 2 * bend i * (l' x i * r' y i)) <= away i.
  Proof.
    intros Hx Hy Hi.
    pose proof (relu_parabola (V i) kappa (l' x i + r' y i) (V_pos i Hi) kappa_range (reading_most x y i Hx Hy Hi)) as P. fold (bend i) (eps i) in P.
    pose proof (relu_near (l x i + r y i) (l' x i + r' y i)) as Q. fold (hid x y i) in Q.
    replace (l x i + r y i - (l' x i + r' y i)) with ((l x i - l' x i) + (r y i - r' y i)) in Q by ring.
    pose proof (Rabs_triang (l x i - l' x i) (r y i - r' y i)). pose proof (l_near x i Hx Hi). pose proof (r_near y i Hy Hi).
    pose proof (sides x y i Hx Hy Hi) as Si. rewrite <- Rabs_Ropp in Si. set (s := relu (l' x i + r' y i)) in *.
    set (ab := a x i + b y i - _) in Si.
    replace (t x y i - 2 * bend i * (l' x i * r' y i)) with ((hid x y i - s) +
      (s - (eps i + (l' x i + r' y i) / 2 + bend i * ((l' x i + r' y i) * (l' x i + r' y i)))) + - ab)
      by (unfold t, ab; field).
    eapply Rle_trans; [apply Rabs_triang|]. eapply Rle_trans; [apply Rplus_le_compat_r, Rabs_triang|]. unfold away. lra.
  Qed.

  (** Waves: neuron i reads x and y⁻¹ nearly as inner products with their places on one circle. *)
  Variables (reads : nat -> nat) (wave_x wave_y : nat -> nat -> R).             (* i; i, coordinate *)
  Hypothesis reads_circle : forall i, (i < m)%nat -> (reads i < circles)%nat.
  Definition lwave (x i : nat) : R := sum d (fun p => wave_x i p * F (reads i) x p).
  Definition rwave (y i : nat) : R := sum d (fun p => wave_y i p * F (reads i) (inv y) p).
  Definition coupling (z j p q : nat) : R :=
    sum m (fun i => only (reads i =? j)%nat (delta z i * (2 * bend i) * wave_x i p * wave_y i q)).
  Variables (strength : nat -> nat -> R) (N : nat -> R) (nu_x nu_y : nat -> R) (lmost rmost : nat -> R).
  Hypothesis couplings : forall z j, (z < n)%nat -> (j < circles)%nat -> frobenius d d (coupling z j) (strength z j).
  Hypothesis lengths : forall z, (z < n)%nat -> within m (delta z) (N z).
  Hypothesis rmost_is : forall y i, (y < n)%nat -> (i < m)%nat -> Rabs (r' y i) <= rmost i.
  Hypothesis lmost_is : forall x i, (x < n)%nat -> (i < m)%nat -> Rabs (lwave x i) <= lmost i.
  Hypothesis off_x : forall x, (x < n)%nat -> within m (fun i => 2 * bend i * rmost i * Rabs (l' x i - lwave x i)) (nu_x x).
  Hypothesis off_y : forall y, (y < n)%nat -> within m (fun i => 2 * bend i * lmost i * Rabs (r' y i - rwave y i)) (nu_y y).
  Definition from_waves (z : nat) : R := sum circles (fun j => strength z j * (reach j * reach j)).
  Definition all_away (z : nat) : R := sum m (fun i => Rabs (delta z i) * away i).

  Lemma bend_pos i : (i < m)%nat -> 0 <= bend i.
  Proof. intros Hi. specialize (V_pos i Hi). apply Rlt_le, Rdiv_lt_0_compat; lra. Qed.

  Lemma waves_part x y z : (x < n)%nat -> (y < n)%nat -> (z < n)%nat ->
    Rabs (sum m (fun i => delta z i * (2 * bend i) * (lwave x i * rwave y i))) <= from_waves z.
  Proof.
    intros Hx Hy Hz.
    rewrite (sum_ext m _ (fun i => sum circles (fun j => only (reads i =? j)%nat (delta z i * (2 * bend i) * (lwave x i * rwave y i)))))
      by (intros i Hi; symmetry; apply sum_one, reads_circle, Hi).
    rewrite sum_swap. eapply Rle_trans; [apply sum_abs|]. apply sum_le. intros j Hj.
    pose proof (bilinear d d (coupling z j) (F j x) (F j (inv y)) _ _ _ (couplings z j Hz Hj)
      (reaches j x Hj Hx) (reaches j (inv y) Hj (inverse y Hy))) as Q.
    replace (strength z j * (reach j * reach j)) with (reach j * (strength z j * reach j)) by ring.
    replace (sum m _) with (sum d (fun p => F j x p * sum d (fun q => coupling z j p q * F j (inv y) q))); [exact Q|].
    unfold coupling.
    rewrite (sum_ext d _ (fun p => sum m (fun i => only (reads i =? j)%nat
      (delta z i * (2 * bend i) * (wave_x i p * F j x p * rwave y i))))).
    - rewrite sum_swap. apply sum_ext. intros i _. unfold only. destruct (Nat.eqb_spec (reads i) j) as [E|_]; [|apply sum_zero].
      rewrite sum_scale. f_equal. unfold lwave. rewrite E, (Rmult_comm (sum d _)), <- sum_scale. apply sum_ext. intros; ring.
    - intros p _. rewrite <- sum_scale.
      rewrite (sum_ext d _ (fun q => sum m (fun i => only (reads i =? j)%nat
        (delta z i * (2 * bend i) * wave_x i p * F j x p) * (wave_y i q * F j (inv y) q)))).
      + rewrite sum_swap. apply sum_ext. intros i _. rewrite sum_scale. unfold only, rwave.
        destruct (Nat.eqb_spec (reads i) j) as [E|_]; [rewrite E|]; ring.
      + intros q _. rewrite (Rmult_comm (sum m _)), <- !sum_scale. apply sum_ext. intros i _. unfold only.
        destruct (reads i =? j)%nat; ring.
  Qed.

  (** One of two factors is known by its largest size. *)
  Lemma off_part z (f g most : nat -> R) nu : (z < n)%nat -> (forall i, (i < m)%nat -> Rabs (g i) <= most i) ->
    within m (fun i => 2 * bend i * most i * Rabs (f i)) nu ->
    Rabs (sum m (fun i => delta z i * (2 * bend i) * (f i * g i))) <= N z * nu.
  Proof.
    intros Hz Hg Hn. eapply Rle_trans; [apply sum_abs|].
    apply Rle_trans with (sum m (fun i => Rabs (delta z i) * (2 * bend i * most i * Rabs (f i)))).
    - apply sum_le. intros i Hi. pose proof (Hg i Hi) as G. pose proof (bend_pos i Hi). rewrite !Rabs_mult, (Rabs_pos_eq 2), (Rabs_pos_eq (bend i)) by lra.
      replace (Rabs (delta z i) * (2 * bend i) * (Rabs (f i) * Rabs (g i))) with
        (Rabs (delta z i) * (2 * bend i) * Rabs (f i) * Rabs (g i)) by ring.
      replace (Rabs (delta z i) * (2 * bend i * most i * Rabs (f i))) with
        (Rabs (delta z i) * (2 * bend i) * Rabs (f i) * most i) by ring.
      apply Rmult_le_compat_l; [|exact G].
      apply Rmult_le_pos; [apply Rmult_le_pos|]; [apply Rabs_pos|lra|apply Rabs_pos].
    - eapply Rle_trans; [apply Rle_abs|]. apply cauchy; [|exact Hn]. destruct (lengths z Hz) as [N0 N2]. split; [exact N0|].
      eapply Rle_trans; [|exact N2]. right. apply sum_ext. intros i _. rewrite <- Rabs_mult. apply Rabs_pos_eq, Rle_0_sqr.
  Qed.

  (** Lemma 12 (parabola) *)
  Lemma delta_meets x y z : (x < n)%nat -> (y < n)%nat -> (z < n)%nat ->
    Rabs (sum m (fun i => delta z i * t x y i)) <= all_away z + from_waves z + N z * (nu_x x + nu_y y).
  Proof.
    intros Hx Hy Hz.
    assert (Split : sum m (fun i => delta z i * t x y i) =
      sum m (fun i => delta z i * (t x y i - 2 * bend i * (l' x i * r' y i))) +
      sum m (fun i => delta z i * (2 * bend i) * (lwave x i * rwave y i)) +
      sum m (fun i => delta z i * (2 * bend i) * ((l' x i - lwave x i) * r' y i)) +
      sum m (fun i => delta z i * (2 * bend i) * ((r' y i - rwave y i) * lwave x i)))
      by (rewrite <- !sum_plus; apply sum_ext; intros; ring).
    assert (A : Rabs (sum m (fun i => delta z i * (t x y i - 2 * bend i * (l' x i * r' y i)))) <= all_away z).
    { eapply Rle_trans; [apply sum_abs|]. apply sum_le. intros i Hi. rewrite Rabs_mult.
      apply Rmult_le_compat_l; [apply Rabs_pos|apply parabola; assumption]. }
    pose proof (waves_part x y z Hx Hy Hz) as B'.
    assert (C : Rabs (sum m (fun i => delta z i * (2 * bend i) * ((l' x i - lwave x i) * r' y i))) <= N z * nu_x x).
    { apply (off_part z _ _ rmost); [exact Hz|intros; apply rmost_is; assumption|apply off_x, Hx]. }
    assert (E : Rabs (sum m (fun i => delta z i * (2 * bend i) * ((r' y i - rwave y i) * lwave x i))) <= N z * nu_y y).
    { apply (off_part z _ _ lmost); [exact Hz|intros; apply lmost_is; assumption|apply off_y, Hy]. }
    rewrite Split. apply below_abs in A, B', C, E. apply Rabs_le. lra.
  Qed.

  (** P, what t writes in the circles; Q, what x turns back of it; C, what is expected of Q at y. *)
  Definition P (x y j p : nat) : R := sum m (fun i => t x y i * W i j p).
  Definition Q (x y j q : nat) : R := sum d (fun p => D j x p q * P x y j p).
  Variables (C : nat -> nat -> nat -> R) (plength apart : nat -> nat -> nat -> R).   (* y, circle, coordinate; x, y, circle *)
  Hypothesis plengths : forall x y j, (x < n)%nat -> (y < n)%nat -> (j < circles)%nat -> within d (P x y j) (plength x y j).
  Hypothesis aparts : forall x y j, (x < n)%nat -> (y < n)%nat -> (j < circles)%nat ->
    within d (fun q => Q x y j q - C y j q) (apart x y j).

  (** What x adds to outputs beside ⟨P, F⟩, at least and at most; and what y adds. *)
  Variables (lo_x up_x lo_y up_y : nat -> nat -> R).
  Definition plain (f : nat -> R) (z : nat) : R := sum m (fun i => f i * (u i z - const i)).
  Hypothesis by_x : forall x z, (x < n)%nat -> (z < n)%nat -> let beside := all_away z + from_waves z + N z * nu_x x in
    lo_x x z <= plain (a x) z - beside /\ plain (a x) z + beside <= up_x x z.
  Hypothesis by_y : forall y z, (y < n)%nat -> (z < n)%nat ->
    lo_y y z <= plain (b y) z - N z * nu_y y /\ plain (b y) z + N z * nu_y y <= up_y y z.

  Lemma logit_parts x y z : plain (hid x y) z =
    plain (a x) z + plain (b y) z + on_circles (P x y) (at_ z) + sum m (fun i => delta z i * t x y i).
  Proof.
    assert (E : on_circles (P x y) (at_ z) = sum m (fun i => t x y i * on_circles (W i) (at_ z))).
    { unfold on_circles, P.
      rewrite (sum_ext m _ (fun i => sum circles (fun j => sum d (fun p => t x y i * (W i j p * at_ z j p)))))
        by (intros i _; rewrite <- sum_scale; apply sum_ext; intros j _; apply eq_sym, sum_scale).
      symmetry. rewrite sum_swap. apply sum_ext. intros j _. rewrite sum_swap. apply sum_ext. intros p _.
      rewrite Rmult_comm, <- sum_scale. apply sum_ext. intros; ring. }
    rewrite E. unfold plain. rewrite <- !sum_plus. apply sum_ext. intros i _. unfold delta, t. ring.
  Qed.

  Lemma turned x y v : (x < n)%nat -> (y < n)%nat -> (v < n)%nat ->
    Rabs (on_circles (P x y) (at_ (op x v)) - on_circles (Q x y) (at_ v)) <= defect * sum circles (fun j => plength x y j).
  Proof.
    intros Hx Hy Hv. unfold on_circles. rewrite <- sum_minus, <- sum_scale. eapply Rle_trans; [apply sum_abs|].
    apply sum_le. intros j Hj. rewrite Rmult_comm.
    replace (_ - _) with (sum d (fun p => P x y j p * (F j (op x v) p - sum d (fun q => D j x p q * F j v q)))).
    - apply cauchy; [apply plengths|apply moved]; assumption.
    - unfold Q, at_. rewrite (sum_ext d _ (fun p => P x y j p * F j (op x v) p - sum d (fun q => D j x p q * P x y j p * F j v q))).
      + rewrite sum_minus. f_equal. rewrite sum_swap. apply sum_ext. intros q _.
        rewrite (Rmult_comm (sum d _)), <- sum_scale. apply sum_ext. intros; ring.
      + intros p _. rewrite Rmult_minus_distr_l, <- sum_scale. f_equal. apply sum_ext. intros; ring.
  Qed.

  Lemma expected x y v : (x < n)%nat -> (y < n)%nat -> (v < n)%nat ->
    Rabs (on_circles (Q x y) (at_ v) - on_circles (C y) (at_ v)) <= sum circles (fun j => apart x y j * reach j).
  Proof.
    intros Hx Hy Hv. unfold on_circles. rewrite <- sum_minus. eapply Rle_trans; [apply sum_abs|]. apply sum_le. intros j Hj.
    rewrite <- sum_minus. rewrite (sum_ext d _ (fun p => (Q x y j p - C y j p) * F j v p)) by (intros; unfold at_; ring).
    apply cauchy; [apply aparts|apply reaches]; assumption.
  Qed.

  (** The right answer's part: from the sums, or from all neurons. *)
  Variable own : nat -> nat -> R.
  Hypothesis right : forall x y, (x < n)%nat -> (y < n)%nat -> let answer := op x y in
    own x y <= on_circles (Q x y) (at_ y) + lo_x x answer + lo_y y answer \/ own x y <= plain (hid x y) answer.

  (** Theorem 9 (circles): the margin against z = xv. *)
  Theorem circles_margin x y v : (x < n)%nat -> (y < n)%nat -> (v < n)%nat -> let answer := op x y in let z := op x v in
    own x y - on_circles (C y) (at_ v) - sum circles (fun j => apart x y j * reach j) -
      2 * defect * sum circles (fun j => plength x y j) - up_x x z - up_y y z <=
    sum m (fun i => u i answer * hid x y i) - sum m (fun i => u i z * hid x y i).
  Proof.
    intros Hx Hy Hv answer z. assert (Ha : (answer < n)%nat) by (apply closed; assumption).
    assert (Hz : (z < n)%nat) by (apply closed; assumption).
    assert (Margin : sum m (fun i => u i answer * hid x y i) - sum m (fun i => u i z * hid x y i) =
      plain (hid x y) answer - plain (hid x y) z)
      by (unfold plain; rewrite <- !sum_minus; apply sum_ext; intros; ring).
    pose proof (below_abs _ _ (turned x y v Hx Hy Hv)) as T1. pose proof (below_abs _ _ (turned x y y Hx Hy Hy)) as T2.
    pose proof (below_abs _ _ (expected x y v Hx Hy Hv)) as E.
    pose proof (below_abs _ _ (delta_meets x y answer Hx Hy Ha)) as M1. pose proof (below_abs _ _ (delta_meets x y z Hx Hy Hz)) as M2.
    destruct (by_x x answer Hx Ha) as [X1 _], (by_x x z Hx Hz) as [_ X2], (by_y y answer Hy Ha) as [Y1 _], (by_y y z Hy Hz) as [_ Y2].
    pose proof (right x y Hx Hy) as Own. cbv zeta in Own. fold answer in Own, T2. fold z in T1. rewrite Margin, (logit_parts x y z).
    assert (0 <= defect * sum circles (fun j => plength x y j)) by (pose proof (Rabs_pos (on_circles (P x y) (at_ z) - on_circles (Q x y) (at_ v))); lra).
    destruct Own as [Own|Own]; [rewrite (logit_parts x y answer)|]; lra.
  Qed.
End Circles.
