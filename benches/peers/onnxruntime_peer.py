"""draft"""
import sys, time, pathlib, numpy as np, onnxruntime as ort, torch, json, os
from transformers import BertConfig, BertModel
work = pathlib.Path(sys.argv[1]); work.mkdir(exist_ok=True, parents=True)
CONFIG = dict(vocab_size=21128, hidden_size=512, num_hidden_layers=4, num_attention_heads=8, intermediate_size=2048, max_position_embeddings=512)
def make():
    torch.manual_seed(1)
    model = BertModel(BertConfig(**CONFIG, attn_implementation="eager"), add_pooling_layer=False).eval()
    model.save_pretrained(work/"model", safe_serialization=True)
    ids = torch.randint(5, 21000, (2, 16))
    mask = torch.ones_like(ids)
    class W(torch.nn.Module):
        def __init__(s): super().__init__(); s.m = model
        def forward(s, input_ids, attention_mask, token_type_ids): return s.m(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
    dyn = {n: {0: "batch", 1: "tokens"} for n in ("input_ids", "attention_mask", "token_type_ids", "hidden")}
    torch.onnx.export(W(), (ids, mask, torch.zeros_like(ids)), str(work/"plain.onnx"), input_names=["input_ids","attention_mask","token_type_ids"], output_names=["hidden"], dynamic_axes=dyn, opset_version=17, dynamo=False)
    from onnxruntime.transformers import optimizer
    from onnxruntime.transformers.fusion_options import FusionOptions
    o = optimizer.optimize_model(str(work/"plain.onnx"), model_type="bert", num_heads=8, hidden_size=512, opt_level=1, optimization_options=FusionOptions("bert"), use_gpu=False)
    print(o.get_fused_operator_statistics())
    o.save_model_to_file(str(work/"fused.onnx"))
    from onnxruntime.quantization import quantize_dynamic, QuantType
    for name, kw in {"i8": dict(weight_type=QuantType.QInt8), "i8pc": dict(weight_type=QuantType.QInt8, per_channel=True), "u8": dict(weight_type=QuantType.QUInt8)}.items():
        quantize_dynamic(str(work/"fused.onnx"), str(work/f"{name}.onnx"), extra_options={"DefaultTensorType": 1}, **kw)
if not (work/"i8.onnx").exists(): make()
threads = int(sys.argv[2])
flops_tok = 4*2*(512*1536+512*512+2*512*2048)
for name in ("plain", "fused", "i8", "i8pc", "u8"):
    so = ort.SessionOptions(); so.intra_op_num_threads = threads; so.inter_op_num_threads=1
    s = ort.InferenceSession(str(work/f"{name}.onnx"), so, providers=["CPUExecutionProvider"])
    for b, t in ((8,32),(32,128),(4,512)):
        ids = np.random.default_rng(1).integers(5,21000,(b,t)); feed = dict(input_ids=ids, attention_mask=np.ones_like(ids), token_type_ids=np.zeros_like(ids))
        s.run(None, feed); ts=[]
        end = time.time()+2
        while time.time()<end:
            t0=time.perf_counter(); s.run(None, feed); ts.append(time.perf_counter()-t0)
        m=np.median(ts); fl = b*t*(flops_tok + 4*4*t*512)
        print(name, b, t, f"{m*1e3:.2f} ms {fl/m/1e9:.0f} GF/s min {min(ts)*1e3:.2f}")
